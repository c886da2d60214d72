"""One process fetches the updates of all bots that are polled."""

import os
import signal
import subprocess
import sys

import psycopg
import pytest
from django.core.management import call_command
from django.urls import reverse

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from audit.models import AuditLog
from bots.models import InboundUpdate
from bots.polling.poller import POLLER
from bots.services.bots import create_bot, delete_webhook, set_webhook
from bots.testing.bot_api.server import BotApiServer
from bots.tests.updates import message
from common.environment import PROJECT_DIR
from common.testing.gunicorn_server import database_url
from common.testing.processes import wait_until

TOKENS = {"tehran": "100:first-secret", "isfahan": "200:second-secret", "shiraz": "300:third-secret"}


@pytest.fixture
def server(settings):
    with BotApiServer(*TOKENS.values()) as running:
        settings.BOT_API_SERVERS = [running.root]
        settings.INTAKE_URL = "https://bots.example.ir"
        yield running


def make_bots(server):
    return [
        create_bot(candidate=make_candidate(slug), slug=slug, name=slug, token=token, api_root=server.root, actor=None)
        for slug, token in TOKENS.items()
    ]


def stored():
    rows = InboundUpdate.objects.filter(source="polling").values_list("bot__slug", "update_id")
    return sorted(rows)


@pytest.mark.django_db(transaction=True)
def test_all_bots_that_are_polled_are_fetched_for_and_no_others(server):
    tehran, isfahan, shiraz = make_bots(server)
    for bot in (tehran, isfahan):
        delete_webhook(bot=bot, actor=None)
    given = {bot.slug: [message("one"), message("two")] for bot in (tehran, isfahan, shiraz)}
    for slug, updates in given.items():
        server.give(TOKENS[slug], updates)
    call_command("poll_bots", "--once")
    assert stored() == sorted((slug, one["update_id"]) for slug in ("tehran", "isfahan") for one in given[slug])
    assert [len(server.waiting(TOKENS[slug])) for slug in TOKENS] == [0, 0, 2]


@pytest.mark.django_db(transaction=True)
def test_more_than_one_call_holds_are_all_fetched(server):
    bot = make_bots(server)[0]
    delete_webhook(bot=bot, actor=None)
    server.give(bot.token, [message("x") for _update in range(250)])
    call_command("poll_bots", "--once")
    assert len(stored()) == 250


@pytest.mark.django_db(transaction=True)
def test_a_bot_with_trouble_does_not_keep_the_others_waiting(server, caplog):
    tehran, isfahan, _shiraz = make_bots(server)
    for bot in (tehran, isfahan):
        delete_webhook(bot=bot, actor=None)
    server.give(isfahan.token, [message("one")])
    server.fail(401, token=tehran.token, method="getUpdates", count=100)
    call_command("poll_bots", "--once")
    assert [slug for slug, _number in stored()] == ["isfahan"]
    assert "Unauthorized" in caplog.text
    assert tehran.token not in caplog.text


@pytest.mark.django_db(transaction=True)
def test_while_one_process_fetches_another_stands_by(server):
    bot = make_bots(server)[0]
    delete_webhook(bot=bot, actor=None)
    server.give(bot.token, [message("one")])
    with psycopg.connect(database_url()) as another:
        another.execute("SELECT pg_advisory_lock(%s)", [POLLER])
        call_command("poll_bots", "--once")
        assert stored() == []
    call_command("poll_bots", "--once")
    assert len(stored()) == 1


@pytest.mark.django_db(transaction=True)
def test_staff_switch_a_bot_to_fetching_and_back(server):
    bot = make_bots(server)[0]
    set_webhook(bot=bot, actor=None)
    client = sign_in(make_staff(Role.OWNER))
    client.post(reverse("bots-staff:care-fetch", args=[bot.pk]))
    bot.refresh_from_db()
    assert (bot.receives_by, bot.webhook_url) == ("polling", "")
    server.give(bot.token, [message("one")])
    call_command("poll_bots", "--once")
    assert len(stored()) == 1
    client.post(reverse("bots-staff:care-connect", args=[bot.pk]))
    bot.refresh_from_db()
    assert bot.receives_by == "webhook"
    acts = AuditLog.objects.filter(action__startswith="bots.bot.", actor_id__isnull=False)
    assert [row.action for row in acts.order_by("pk")] == ["bots.bot.delete_webhook", "bots.bot.set_webhook"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_process_notices_bots_and_updates_as_they_come_and_ends_in_order(server):
    tehran, isfahan, _shiraz = make_bots(server)
    delete_webhook(bot=tehran, actor=None)
    server.give(tehran.token, [message("one")])
    environment = {**os.environ, "DATABASE_URL": database_url(), "ELECTIONSITE_ENVIRONMENT": "development"}
    process = subprocess.Popen([sys.executable, "manage.py", "poll_bots"], env=environment, cwd=PROJECT_DIR)
    try:
        assert wait_until(lambda: len(stored()) == 1, 30)
        delete_webhook(bot=isfahan, actor=None)
        server.give(isfahan.token, [message("two")])
        server.give(tehran.token, [message("three")])
        assert wait_until(lambda: len(stored()) == 3, 30)
    finally:
        process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    server.give(tehran.token, [message("four")])
    call_command("poll_bots", "--once")
    assert len(stored()) == 4
