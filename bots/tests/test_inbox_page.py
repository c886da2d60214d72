"""What operators see of the inbox: whose updates wait, since when, and the parts that they stand in."""

import datetime as dt
import json

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from bots.models import Bot, InboundUpdate
from bots.selectors import longest_backlogs
from bots.services.bots import create_bot
from bots.services.inbox import store_updates
from bots.tests.updates import message

pytestmark = pytest.mark.django_db
PAGE = reverse("bots-staff:inbox")


def wait_in(bot, number):
    bodies = [json.dumps(message("x")).encode() for _update in range(number)]
    store_updates(bot=bot, bodies=bodies, source=InboundUpdate.Source.WEBHOOK)


def operator(**options):
    client = sign_in(make_staff(Role.OPERATIONS, **options))
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def other(db):
    return create_bot(candidate=make_candidate("isfahan"), slug="isfahan-1", name="Isfahan bot", actor=None)


def test_the_bots_with_the_longest_backlogs_stand_first(bot, other):
    assert longest_backlogs(Bot.objects.all(), 20) == []
    wait_in(bot, 2)
    wait_in(other, 3)
    found = longest_backlogs(Bot.objects.all(), 20)
    assert [(one.slug, backlog.depth) for one, backlog in found] == [("isfahan-1", 3), ("tehran-1", 2)]
    assert found[1][1].oldest_at == InboundUpdate.objects.earliest("pk").received_at
    assert len(longest_backlogs(Bot.objects.all(), 1)) == 1


def test_the_page_tells_backlogs_and_partitions(bot):
    client = operator()
    assert "Everything is handled." in client.get(PAGE).content.decode()
    wait_in(bot, 2)
    shown = client.get(PAGE).content.decode()
    assert "Tehran bot" in shown
    assert "bots_inboundupdate" in shown
    assert client.get(reverse("admin:bots_inboundupdate_changelist")).content.decode().count(f'"{PAGE}') == 1


def test_troubles_stand_on_the_page_and_on_the_home_page(bot):
    client = operator()
    assert "Partitions" not in client.get(reverse("admin:index")).content.decode()
    with time_machine.travel(timezone.now() + dt.timedelta(days=40)):
        client = operator()
        assert "has no partition for tomorrow" in client.get(PAGE).content.decode()
        assert "has no partition for tomorrow" in client.get(reverse("admin:index")).content.decode()


def test_staff_of_some_candidates_see_their_bots_only_and_no_partitions(bot, other):
    wait_in(bot, 1)
    wait_in(other, 1)
    shown = operator(candidates=[other.candidate]).get(PAGE).content.decode()
    assert "Isfahan bot" in shown
    assert "Tehran bot" not in shown
    assert "bots_inboundupdate_" not in shown


def test_without_the_right_the_page_is_closed():
    assert sign_in(make_staff(Role.RELEASE_MANAGER)).get(PAGE).status_code == 403
