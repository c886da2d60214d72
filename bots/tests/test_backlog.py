"""How long updates wait, and who hears of it."""

import datetime as dt
import json

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from bots.models import InboundUpdate
from bots.projection import worker
from bots.projection.worker import project_inbox
from bots.selectors import backlog
from bots.services.inbox import store_updates
from bots.tasks import watch_backlog
from bots.tests.updates import message

pytestmark = pytest.mark.django_db


def wait_since(bot, seconds):
    bodies = [json.dumps(message("x")).encode() for _update in range(3)]
    store_updates(bot=bot, bodies=bodies, source=InboundUpdate.Source.WEBHOOK)
    InboundUpdate.objects.update(received_at=timezone.now() - dt.timedelta(seconds=seconds))


def test_an_empty_inbox_has_no_backlog_and_raises_no_alarm(bot):
    assert (backlog().depth, backlog().oldest_at) == (0, None)
    assert not watch_backlog()


def test_an_update_that_waits_too_long_raises_an_alarm_once_an_hour(bot, settings, mailoutbox):
    settings.ALARM_ADDRESSES = ["operations@example.ir"]
    wait_since(bot, 119)
    assert not watch_backlog()
    wait_since(bot, 121)
    assert [watch_backlog(), watch_backlog()] == [True, True]
    assert backlog().depth == 6
    assert [mail.subject.count("inbox-backlog") for mail in mailoutbox] == [1]


def test_staff_choose_how_long_an_update_may_wait(bot, settings):
    call_command("constance", "set", "INBOX_ALARM_SECONDS", "3600")
    wait_since(bot, 3000)
    assert not watch_backlog()


def test_what_was_used_waits_no_longer(bot):
    wait_since(bot, 5000)
    project_inbox()
    assert (backlog().depth, backlog().oldest_at) == (0, None)


def test_the_watch_is_scheduled_every_minute():
    task = PeriodicTask.objects.get(task="bots.watch_backlog")
    assert (task.name, task.interval.every, task.interval.period) == ("Watch the inbox", 1, "minutes")


def rows_read():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(seq_tup_read + idx_tup_fetch) FROM pg_stat_xact_user_tables "
            "WHERE relname LIKE 'bots_inboundupdate%%'"
        )
        return int(cursor.fetchone()[0])


def test_a_batch_doesnt_read_all_that_waits(bot, monkeypatch):
    bodies = [json.dumps(message("x")).encode() for _update in range(400)]
    store_updates(bot=bot, bodies=bodies, source=InboundUpdate.Source.WEBHOOK)
    monkeypatch.setattr(worker, "BATCH_SIZE", 20)
    before = rows_read()
    for _batch in range(3):
        worker._project_batch(bot.pk, worker.ProjectionReport(), wait=False)
    assert rows_read() - before < 200
    assert backlog().depth == 340
