"""The outbox: what a bot is to say reaches the person once, or is known not to have."""

import pytest
from constance import config
from django.core.management import call_command

from bots.models import BotUser, OutboxMessage
from bots.services.bots import create_bot
from bots.tests.broadcasting import TOKEN, add_people, begin, make_bot

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def citizen(messenger) -> BotUser:
    config.BROADCAST_CHAT_SECONDS = 0
    bot = make_bot(messenger)
    return add_people(bot, [7], messenger)[0]


def say(person: BotUser, text: str = "سلام", **fields) -> OutboxMessage:
    number = OutboxMessage.objects.count()
    payload = {"method": "sendMessage", "chat_id": person.platform_user_id, "text": text}
    given = {"kind": "reply", "cause": f"test:{number}", "payload": payload, **fields}
    return OutboxMessage.objects.create(bot=person.bot, bot_user=person, **given)


def send_all(*options: str) -> None:
    call_command("send_broadcasts", "--until-idle", *options)


def state_of(row: OutboxMessage) -> tuple[str, str]:
    row.refresh_from_db()
    return row.state, row.reason


def texts(messenger) -> list[str]:
    return [message.get("text", "") for message in messenger.messages(TOKEN, 7)]


def test_messages_arrive_in_their_order_and_once(citizen, messenger):
    rows = [say(citizen, f"{number}") for number in range(5)]
    send_all()
    send_all()
    assert texts(messenger) == ["0", "1", "2", "3", "4"]
    assert {state_of(row) for row in rows} == {("sent", "")}


def test_one_that_may_have_arrived_is_uncertain_and_not_sent_again(citizen, messenger):
    row = say(citizen)
    messenger.fail(None, method="sendMessage")
    send_all()
    send_all()
    assert state_of(row) == ("uncertain", "no-answer")
    assert texts(messenger) == []


def test_what_a_sender_that_died_left_on_its_way_is_uncertain(citizen, messenger):
    row = say(citizen, state=OutboxMessage.State.SENDING)
    send_all()
    assert state_of(row)[0] == "uncertain"
    assert texts(messenger) == []


def test_the_platforms_wish_to_wait_is_obeyed(citizen, messenger):
    row = say(citizen)
    messenger.fail(429, retry_after=1)
    send_all()
    OutboxMessage.objects.update(due_at=row.created_at)  # the pause after a failure is over
    send_all()
    assert state_of(row)[0] == "sent"
    assert texts(messenger) == ["سلام"]


def test_who_has_blocked_the_bot_is_known_to_have(citizen, messenger):
    row = say(citizen)
    messenger.act(TOKEN, 7, "block")
    send_all()
    citizen.refresh_from_db()
    assert (state_of(row)[0], citizen.is_blocked) == ("blocked", True)


def test_a_message_that_can_not_be_changed_is_said_anew(citizen, messenger):
    payload = {"method": "editMessageText", "chat_id": 7, "message_id": 999, "text": "منو"}
    row = say(citizen, payload=payload)
    send_all()
    assert state_of(row)[0] == "sent"
    assert texts(messenger) == ["منو"]


def test_what_shows_already_what_it_should_is_fine(citizen, messenger):
    say(citizen, "منو")
    send_all()
    number = messenger.messages(TOKEN, 7)[0]["message_id"]
    row = say(citizen, payload={"method": "editMessageText", "chat_id": 7, "message_id": number, "text": "منو"})
    send_all()
    assert state_of(row)[0] == "sent"
    assert texts(messenger) == ["منو"]


def test_a_press_is_acknowledged_with_the_answer_to_it(citizen, messenger):
    row = say(citizen, payload={"method": "answerCallbackQuery", "callback_query_id": "1"})  # one that nobody knows
    say(citizen)
    send_all()
    assert state_of(row)[0] == "failed"
    assert texts(messenger) == ["سلام"]


def test_a_reply_that_waited_too_long_is_not_sent_and_an_answer_of_staff_is(citizen, messenger):
    reply, answer = say(citizen, "reply"), say(citizen, "answer", kind="answer")
    OutboxMessage.objects.update(created_at="2026-01-01T00:00Z")
    send_all()
    assert (state_of(reply), state_of(answer)[0]) == (("failed", "too late"), "sent")
    assert texts(messenger) == ["answer"]


def test_who_talks_with_the_bot_comes_before_a_broadcast(citizen, messenger):
    add_people(citizen.bot, range(1000, 1040), messenger)
    begin(citizen.bot)
    say(citizen, "reply")
    send_all()
    assert messenger.shown()[0]["message"]["text"] == "reply"
    assert messenger.shown_count() == 42


def test_a_bot_without_a_token_keeps_its_messages(citizen, messenger):
    silent = create_bot(candidate=citizen.bot.candidate, slug="silent", name="S", actor=None)
    row = say(add_people(silent, [8])[0])
    send_all()
    assert state_of(row)[0] == "queued"


def test_a_bot_that_the_platform_refuses_fails_in_words_and_ends(citizen, messenger):
    row = say(citizen)
    messenger.fail(401)
    send_all()
    assert state_of(row) == ("failed", "Unauthorized")
