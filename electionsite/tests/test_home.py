import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from bots.models import Bot, BotUser, InboundUpdate
from common.jalali import TEHRAN, format_local
from electionsite.home import COUNT_UP_TO, home_cards
from exports.models import DataExportLog
from plans.models import Plan, Stage
from plans.testing import make_plan

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_english():
    with override("en"):
        yield


@pytest.fixture
def bots():
    return [
        Bot.objects.create(slug=code, name=code, candidate=make_candidate(code, city=city))
        for code, city in (("ours", "isfahan"), ("theirs", "tehran"))
    ]


@pytest.fixture
def owner():
    return make_staff(Role.OWNER)


def add_updates(bot, number, state="pending"):
    first = InboundUpdate.objects.filter(bot=bot).count()
    InboundUpdate.objects.bulk_create(
        [
            InboundUpdate(bot=bot, update_id=first + offset, body="{}", source="webhook", state=state)
            for offset in range(number)
        ]
    )


def add_person(bot, number, first_seen_at):
    BotUser.objects.create(bot=bot, platform_user_id=number, first_seen_at=first_seen_at, last_seen_at=first_seen_at)


def card(user, label):
    return next(card for card in home_cards(user) if card.label == label)


def test_the_inbox_card_tells_the_number_and_the_age_of_the_oldest(bots, owner):
    add_updates(bots[0], 2)
    add_updates(bots[1], 1)
    oldest = InboundUpdate.objects.filter(bot=bots[1])
    oldest.update(received_at=timezone.now() - dt.timedelta(hours=3, minutes=5))
    waiting = card(owner, "Waiting in the inbox")
    assert (waiting.number, waiting.note) == (3, "The oldest for 3 hours.")


def test_an_empty_inbox_says_that_all_is_handled(owner):
    assert card(owner, "Waiting in the inbox").note == "Everything is handled."


def test_a_backlog_is_counted_up_to_a_limit(bots, owner, monkeypatch):
    monkeypatch.setattr("electionsite.home.COUNT_UP_TO", 3)
    add_updates(bots[0], 5)
    waiting = card(owner, "Waiting in the inbox")
    assert (waiting.number, waiting.is_more) == (3, True)
    assert COUNT_UP_TO == 10_000


def test_rejected_updates_ask_for_attention_and_lead_to_their_list(bots, owner):
    assert not card(owner, "Rejected updates").needs_attention
    add_updates(bots[0], 1, state="rejected")
    rejected = card(owner, "Rejected updates")
    assert rejected.needs_attention
    page = sign_in(owner).get(rejected.url)
    assert page.context["cl"].result_count == 1


def test_today_begins_at_midnight_in_tehran(bots, owner):
    midnight = timezone.now().astimezone(TEHRAN).replace(hour=0, minute=0, second=0, microsecond=0)
    add_person(bots[0], 1, midnight - dt.timedelta(seconds=1))
    add_person(bots[0], 2, midnight)
    assert card(owner, "People").number == 2
    new = card(owner, "New people today")
    assert new.number == 1
    assert sign_in(owner).get(new.url).context["cl"].result_count == 1


def test_limited_staff_see_the_numbers_of_their_candidates_only(bots):
    add_updates(bots[0], 1)
    add_updates(bots[1], 5)
    InboundUpdate.objects.filter(bot=bots[1]).update(received_at=timezone.now() - dt.timedelta(days=3))
    add_person(bots[1], 1, timezone.now())
    limited = make_staff(Role.OWNER, regions=["isfahan"])
    waiting = card(limited, "Waiting in the inbox")
    assert waiting.number == 1
    assert "second" in waiting.note
    assert card(limited, "People").number == 0


def test_the_card_of_plans_leads_to_the_release_manager_and_tells_what_comes_next(owner):
    plans = [make_plan("basic"), make_plan("gold", stage=Stage.DRAFT), make_plan("ultimate", stage=Stage.SCHEDULED)]
    shown = card(owner, "Plans on sale")
    assert (shown.number, shown.url) == (1, "/admin/plans/release-manager")
    assert shown.note == f"Next: Ultimate, {format_local(plans[2].release_scheduled_at)}"
    Plan.objects.exclude(code="basic").delete()
    assert card(owner, "Plans on sale").note == ""


def test_the_card_of_exports_tells_what_waits_for_somebody(owner):
    DataExportLog.objects.create(dataset="bot_users", format="csv", state="approval", asked_by=owner)
    DataExportLog.objects.create(dataset="bot_users", format="csv", state="queued", asked_by=owner)

    shown = card(owner, "Exports ready")

    assert (shown.number, shown.url, shown.needs_attention) == (0, reverse("exports:dashboard"), True)
    assert shown.note == "1 is being made. 1 waits for approval."


def test_each_card_needs_the_permission_to_view(bots):
    assert home_cards(make_staff()) == []


def statements_of_home(client):
    """The home page's statements; the session's depends on whether the cache was emptied in between."""
    with CaptureQueriesContext(connection) as queries:
        client.get("/admin/")
    return [query["sql"] for query in queries if "django_session" not in query["sql"]]


def test_the_number_of_queries_does_not_grow_with_the_data(bots, owner):
    client = sign_in(owner)
    few = statements_of_home(client)
    add_updates(bots[0], 20)
    add_updates(bots[1], 5, state="rejected")
    for number in range(10):
        add_person(bots[0], number, timezone.now())
    many = statements_of_home(client)
    assert len(many) <= len(few) + 1, many  # the age of the oldest is asked only where one waits
