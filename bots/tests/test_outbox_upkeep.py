"""Messages that don't go out are told of, and replies aren't kept for ever."""

import datetime as dt

import pytest
import time_machine
from constance import config
from django.utils import timezone

from audit.models import AuditLog
from bots.models import OutboxMessage
from bots.services.broadcast_runs import pause_broadcast, resume_broadcast
from bots.services.outbox import forget_old_replies, watch_sending
from bots.tasks import forget_old_replies as forget_by_task
from bots.tasks import watch_backlog
from bots.tests.broadcasting import add_people, begin, make_bot, make_broadcast, send_all
from bots.tests.test_outbox import say

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def bot_with_people(telegram):
    bot = make_bot(telegram)
    add_people(bot, range(1, 4), telegram)
    return bot


def later(**ahead):
    return time_machine.travel(timezone.now() + dt.timedelta(**ahead), tick=False)


def test_a_reply_that_nobody_sends_raises_an_alarm(bot_with_people, settings, mailoutbox):
    settings.ALARM_ADDRESSES = ["operations@example.ir"]
    say(bot_with_people.people.first())
    with later(seconds=119):
        assert not watch_backlog()
    with later(seconds=125):
        assert watch_backlog()
    assert "sending-stands" in mailoutbox[0].subject


def test_what_was_sent_or_cannot_go_waits_for_nobody(bot_with_people):
    first = bot_with_people.people.first()
    say(first, state=OutboxMessage.State.SENT)
    say(first, due_at=timezone.now() + dt.timedelta(hours=1))
    with later(minutes=30):
        assert not watch_sending()


def test_staff_choose_how_long_a_message_may_wait(bot_with_people):
    config.SENDING_ALARM_SECONDS = 3600
    say(bot_with_people.people.first())
    with later(minutes=50):
        assert not watch_sending()
    with later(minutes=70):
        assert watch_sending()


def test_a_broadcast_that_stands_raises_an_alarm_unless_it_has_quiet_hours_or_was_just_resumed(bot_with_people):
    now = timezone.now()
    tehran = (now + dt.timedelta(hours=3, minutes=30)).time()
    in_an_hour = (now + dt.timedelta(hours=4, minutes=30)).time()
    quiet = begin(bot_with_people, quiet_from=tehran, quiet_until=in_an_hour)
    with later(minutes=10):
        assert not watch_sending()
    quiet.deliveries.all().delete()
    broadcast = begin(bot_with_people)
    with later(minutes=10):
        assert watch_sending()
        pause_broadcast(broadcast_id=broadcast.pk, reason="", actor=None)
        assert not watch_sending()
        resume_broadcast(broadcast_id=broadcast.pk, actor=None)
        assert not watch_sending()
    send_all()
    with later(minutes=20):
        assert not watch_sending()


def test_a_scheduled_broadcast_that_nobody_begins_raises_an_alarm(bot_with_people):
    broadcast = make_broadcast(bot_with_people)
    type(broadcast).objects.update(state="scheduled", scheduled_for=timezone.now())
    assert not watch_sending()
    with later(minutes=5):
        assert watch_sending()


def test_old_replies_go_and_answers_of_staff_and_what_waits_stay(bot_with_people):
    first = bot_with_people.people.first()
    gone = [say(first, state=state) for state in ("sent", "failed", "blocked", "uncertain")]
    kept = [say(first, state="queued"), say(first, state="sending"), say(first, state="sent", kind="answer")]
    with later(days=29):
        assert forget_old_replies() == 0
    with later(days=31):
        kept.append(say(first, state="sent"))
        assert forget_by_task.apply().get() == len(gone)
    assert set(OutboxMessage.objects.all()) == set(kept)
    (told,) = AuditLog.objects.filter(action="bots.outbox.forget")
    assert told.details["count"] == len(gone)


def test_many_old_replies_go_in_chunks(bot_with_people, monkeypatch):
    monkeypatch.setattr("bots.services.outbox.CHUNK_ROWS", 3)
    for _reply in range(8):
        say(bot_with_people.people.first(), state="sent")
    with later(days=31):
        assert forget_old_replies() == 8
    assert AuditLog.objects.filter(action="bots.outbox.forget").count() == 3
