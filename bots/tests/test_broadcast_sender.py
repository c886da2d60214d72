"""What people get, by the command that sends and a server that behaves as the platform does."""

import datetime as dt
import time

import pytest
import time_machine
from django.utils import timezone

from audit.models import AuditLog
from bots.models import Bot, BotUser, Broadcast, BroadcastDelivery
from bots.services.broadcast_runs import pause_broadcast, resend_deliveries, resume_broadcast, stop_broadcast
from bots.services.broadcasts import Picture, submit_broadcast
from bots.tests.broadcasting import (
    OTHER_TOKEN,
    TOKEN,
    add_people,
    begin,
    chats_reached,
    counts_agree,
    make_bot,
    make_broadcast,
    send_all,
    states,
)
from bots.tests.pictures import PNG
from common.errors import DomainError
from common.jalali import TEHRAN

pytestmark = pytest.mark.django_db(transaction=True)


def test_everybody_gets_it_once_as_it_was_written(telegram):
    bot = make_bot(telegram)
    people = add_people(bot, range(1, 41), telegram)
    broadcast = begin(bot, text="سلام", buttons=[{"text": "ایده", "callback_data": "contribute:idea"}])

    send_all()

    assert sorted(chats_reached(telegram)) == list(range(1, 41))
    assert states(broadcast) == {"sent": 40}
    assert counts_agree(broadcast)
    assert broadcast.state == "done"
    seen = telegram.messages(TOKEN, people[0].platform_user_id)[0]
    assert seen["text"] == "سلام"
    assert seen["reply_markup"] == {"inline_keyboard": [[{"text": "ایده", "callback_data": "contribute:idea"}]]}
    assert broadcast.deliveries.get(bot_user=people[0]).message_id == seen["message_id"]
    assert telegram.faults == []


def test_a_picture_is_uploaded_for_the_first_and_named_for_the_rest(telegram):
    bot = make_bot(telegram)
    add_people(bot, range(1, 21), telegram)
    begin(bot, text="عکس", picture=Picture(PNG, "image/png"), buttons=[{"text": "سایت", "url": "https://example.org"}])

    send_all()

    photos = [arguments["photo"] for method, arguments in telegram.calls if method == "sendPhoto"]
    assert sorted(chats_reached(telegram)) == list(range(1, 21))
    assert 1 <= sum("bytes" in photo for photo in photos) <= 3  # one group may go before the first answer
    assert telegram.messages(TOKEN, 1)[0]["caption"] == "عکس"
    assert telegram.messages(TOKEN, 20)[0]["reply_markup"]["inline_keyboard"][0][0]["url"] == "https://example.org"


def test_who_has_blocked_the_bot_is_marked_and_left_alone(telegram):
    bot = make_bot(telegram)
    add_people(bot, range(1, 4), telegram)
    telegram.act(TOKEN, 2, "block")
    broadcast = begin(bot)

    send_all()

    assert states(broadcast) == {"sent": 2, "blocked": 1}
    assert BotUser.objects.get(platform_user_id=2).is_blocked
    assert counts_agree(broadcast)
    assert begin(bot).audience_count == 2


def test_a_chat_that_is_not_there_fails_with_the_platforms_words(telegram):
    bot = make_bot(telegram)
    add_people(bot, [1], telegram)
    add_people(bot, [999])
    broadcast = begin(bot)

    send_all()

    assert states(broadcast) == {"sent": 1, "failed": 1}
    assert broadcast.deliveries.get(state="failed").reason == "Bad Request: chat not found"


def test_the_whole_bot_waits_as_long_as_it_is_told_to_and_loses_nobody(telegram):
    bot = make_bot(telegram)
    add_people(bot, range(1, 31), telegram)
    telegram.fail(429, retry_after=2, count=1)
    broadcast = begin(bot)
    started = time.monotonic()

    send_all()

    assert time.monotonic() - started >= 2
    assert sorted(chats_reached(telegram)) == list(range(1, 31))
    assert states(broadcast) == {"sent": 30}


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_failure_of_the_platform_is_tried_again(telegram, status):
    bot = make_bot(telegram)
    add_people(bot, range(1, 6), telegram)
    telegram.fail(status, count=2)
    broadcast = begin(bot)

    send_all()

    assert sorted(chats_reached(telegram)) == [1, 2, 3, 4, 5]
    assert states(broadcast) == {"sent": 5}


def test_what_a_proxy_in_between_answers_is_uncertain(telegram):
    bot = make_bot(telegram)
    add_people(bot, [1], telegram)
    telegram.fail(504, body="<html>gateway time-out</html>")
    broadcast = begin(bot)

    send_all()

    assert states(broadcast) == {"uncertain": 1}
    assert broadcast.deliveries.get().reason


@pytest.mark.parametrize("is_carried_out", [True, False])
def test_a_cut_connection_is_uncertain_and_never_resent_by_itself(telegram, is_carried_out):
    bot = make_bot(telegram)
    add_people(bot, [1], telegram)
    telegram.fail(None, is_carried_out=is_carried_out)
    broadcast = begin(bot)

    send_all()
    send_all()

    assert states(broadcast) == {"uncertain": 1}
    assert len(chats_reached(telegram)) == int(is_carried_out)
    assert counts_agree(broadcast)


def test_an_answer_that_does_not_come_is_uncertain(telegram):
    bot = make_bot(telegram)
    add_people(bot, [1], telegram)
    telegram.slow_down(1.5)
    broadcast = begin(bot)

    send_all(answer_seconds=0.3)

    delivery = broadcast.deliveries.get()
    assert (delivery.state, delivery.reason_in_words) == ("uncertain", BroadcastDelivery.Why.NO_ANSWER.label)


def test_staff_can_send_again_what_is_uncertain(telegram):
    bot = make_bot(telegram)
    add_people(bot, [1, 2], telegram)
    telegram.fail(None)
    broadcast = begin(bot)
    send_all()

    resend_deliveries(broadcast_id=broadcast.pk, state="uncertain", actor=None)
    assert counts_agree(broadcast)
    send_all()

    assert sorted(chats_reached(telegram)) == [1, 2]
    assert states(broadcast) == {"sent": 2}
    assert counts_agree(broadcast)


def test_a_refused_token_pauses_the_broadcast_and_fails_nobody(telegram):
    bot = make_bot(telegram, token="300:unknown")
    add_people(bot, range(1, 11))
    broadcast = begin(bot)

    send_all()

    broadcast.refresh_from_db()
    assert (broadcast.state, states(broadcast)) == ("paused", {"queued": 10})
    assert "Unauthorized" in broadcast.state_reason


def test_a_message_that_everybody_is_refused_pauses_the_broadcast(telegram):
    bot = make_bot(telegram)
    add_people(bot, range(1, 201), telegram)
    telegram.fail(400, description="Bad Request: BUTTON_DATA_INVALID", count=10_000)
    broadcast = begin(bot)

    send_all()

    broadcast.refresh_from_db()
    assert broadcast.state == "paused"
    assert broadcast.failed_count < 60
    assert counts_agree(broadcast)


def test_nobody_outside_the_audience_gets_it(telegram):
    bot, other = make_bot(telegram), make_bot(telegram, slug="other", token=OTHER_TOKEN)
    add_people(bot, [1, 2], telegram, city="tehran")
    add_people(bot, [3], telegram, city="isfahan")
    add_people(bot, [4], telegram, city="tehran", is_blocked=True)
    add_people(bot, [5], telegram, city="tehran", stopped_at=timezone.now())
    add_people(other, [6], telegram, city="tehran")
    begin(bot, filters={"cities": ["tehran"]})

    send_all()

    assert sorted(chats_reached(telegram)) == [1, 2]


def test_who_says_stop_after_it_has_begun_gets_it_no_more(telegram):
    bot = make_bot(telegram)
    add_people(bot, [1, 2], telegram)
    broadcast = begin(bot)
    BotUser.objects.filter(platform_user_id=2).update(stopped_at=timezone.now())

    send_all()

    assert chats_reached(telegram) == [1]
    assert states(broadcast) == {"sent": 1, "left_out": 1}


def test_many_who_have_blocked_the_bot_since_do_not_hold_up_the_others(telegram):
    bot = make_bot(telegram)
    add_people(bot, range(1, 102), telegram)
    broadcast = begin(bot)
    BotUser.objects.filter(platform_user_id__lte=100).update(is_blocked=True)
    started = time.monotonic()

    send_all()

    assert time.monotonic() - started < 5
    assert states(broadcast) == {"sent": 1, "blocked": 100}
    assert counts_agree(broadcast)


def test_somebody_erased_meanwhile_does_not_keep_it_from_its_end(telegram):
    bot = make_bot(telegram)
    add_people(bot, [1, 2], telegram)
    broadcast = begin(bot)
    BotUser.objects.filter(platform_user_id=2).delete()

    send_all()

    broadcast.refresh_from_db()
    assert (broadcast.state, broadcast.sent_count, broadcast.left_out_count) == ("done", 1, 1)


def test_a_broadcast_of_all_bots_goes_out_by_each_of_them(telegram):
    bot = make_bot(telegram)
    second = make_bot(telegram, slug="second", token=OTHER_TOKEN)
    second.candidate = bot.candidate
    second.save()
    add_people(bot, [1, 2], telegram)
    add_people(second, [2, 3], telegram)
    broadcast = make_broadcast(bot)
    broadcast.bot = None
    broadcast.save()
    submit_broadcast(broadcast_id=broadcast.pk, actor=None)

    send_all()

    assert sorted(chats_reached(telegram)) == [1, 2, 2, 3]
    assert states(broadcast) == {"sent": 4}
    assert counts_agree(broadcast)


def seconds_taken(broadcast: Broadcast) -> float:
    broadcast.refresh_from_db()
    assert broadcast.started_at
    assert broadcast.finished_at
    return (broadcast.finished_at - broadcast.started_at).total_seconds()


def test_a_slow_bot_does_not_slow_another(telegram):
    slow, quick = make_bot(telegram), make_bot(telegram, slug="quick", token=OTHER_TOKEN)
    add_people(slow, range(1, 4), telegram)
    add_people(quick, range(11, 41), telegram)
    telegram.fail(429, retry_after=4, token=TOKEN, count=1)
    slow_one, quick_one = begin(slow), begin(quick)

    send_all()

    assert seconds_taken(quick_one) < 3
    assert seconds_taken(slow_one) >= 4


def test_the_platforms_limit_is_kept_to(strict_telegram):
    bot = make_bot(strict_telegram)
    add_people(bot, range(1, 101), strict_telegram)
    broadcast = begin(bot)

    send_all()

    assert states(broadcast) == {"sent": 100}
    assert broadcast.deliveries.filter(attempts__gt=1).count() <= 3  # nearly none was refused for coming too soon


def test_paused_nobody_gets_it_and_resumed_the_rest_do(telegram):
    bot = make_bot(telegram)
    add_people(bot, range(1, 6), telegram)
    broadcast = begin(bot)
    pause_broadcast(broadcast_id=broadcast.pk, reason="a typing error", actor=None)
    send_all()
    assert chats_reached(telegram) == []

    resume_broadcast(broadcast_id=broadcast.pk, actor=None)
    send_all()

    assert sorted(chats_reached(telegram)) == [1, 2, 3, 4, 5]


def test_stopped_it_leaves_out_who_waits_and_cannot_be_resumed(telegram):
    bot = make_bot(telegram)
    add_people(bot, range(1, 6), telegram)
    broadcast = begin(bot)

    stop_broadcast(broadcast_id=broadcast.pk, reason="withdrawn", actor=None)
    send_all()

    assert chats_reached(telegram) == []
    assert states(broadcast) == {"left_out": 5}
    assert counts_agree(broadcast)
    with pytest.raises(DomainError) as refusal:
        resume_broadcast(broadcast_id=broadcast.pk, actor=None)
    assert refusal.value.code == "wrong-state"


def test_a_paused_bot_sends_nothing_until_it_goes_on(telegram):
    bot = make_bot(telegram)
    add_people(bot, [1], telegram)
    broadcast = begin(bot)
    Bot.objects.update(paused_at=timezone.now())
    send_all()
    assert states(broadcast) == {"queued": 1}

    Bot.objects.update(paused_at=None)
    send_all()

    assert chats_reached(telegram) == [1]


def test_it_goes_out_at_its_time_and_says_who_began_it(telegram):
    bot = make_bot(telegram)
    add_people(bot, [1], telegram)
    broadcast = make_broadcast(bot)
    noon = dt.datetime(2026, 5, 1, 12, 0, tzinfo=TEHRAN)
    with time_machine.travel(noon - dt.timedelta(hours=1)):
        submit_broadcast(broadcast_id=broadcast.pk, scheduled_for=noon, actor=None)
        send_all()
        assert chats_reached(telegram) == []

    with time_machine.travel(noon):
        send_all()

    assert chats_reached(telegram) == [1]
    assert AuditLog.objects.filter(action="bots.broadcast.start", actor_id=None).exists()


def test_in_quiet_hours_it_waits_and_goes_on_by_itself(telegram):
    bot = make_bot(telegram)
    add_people(bot, [1], telegram)
    night = dt.datetime(2026, 5, 1, 23, 30, tzinfo=TEHRAN)
    with time_machine.travel(night):
        begin(bot, quiet_from=dt.time(22), quiet_until=dt.time(8))
        send_all()
        assert chats_reached(telegram) == []

    with time_machine.travel(night + dt.timedelta(hours=9)):
        send_all()

    assert chats_reached(telegram) == [1]


def test_after_the_deadline_the_rest_expires(telegram):
    bot = make_bot(telegram)
    add_people(bot, [1, 2], telegram)
    night = dt.datetime(2026, 5, 1, 23, 30, tzinfo=TEHRAN)
    with time_machine.travel(night):
        broadcast = begin(bot, deadline=night + dt.timedelta(hours=2), quiet_from=dt.time(22), quiet_until=dt.time(8))
        send_all()

    with time_machine.travel(night + dt.timedelta(hours=9)):
        send_all()

    assert chats_reached(telegram) == []
    assert states(broadcast) == {"expired": 2}
    assert counts_agree(broadcast)
    assert broadcast.state == "done"
