"""Which updates are answered, and that each is answered once."""

import datetime as dt
import json
import random
import subprocess
import threading

import pytest
from constance import config
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.testing import make_candidate
from bots.conversation.talk import HINT_EVERY
from bots.models import Bot, BotUser, InboundUpdate, OutboxMessage
from bots.projection.worker import project_inbox
from bots.services.bots import create_bot
from bots.services.inbox import store_updates
from bots.services.texts import change_text
from bots.tests.test_campaign import start_worker
from bots.tests.updates import button, membership, message, person, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def talker(bot: Bot) -> Bot:
    """A bot that can speak."""
    bot.token = "100:replies"
    bot.save()
    return bot


def now_ish(**ago: float) -> int:
    return int((timezone.now() - dt.timedelta(**ago)).timestamp())


def fresh(text=None, **fields):
    return message(text, date=now_ish(), **fields)


def answers() -> list[tuple[str, str]]:
    rows = OutboxMessage.objects.order_by("pk").values_list("payload__method", "payload__text")
    return [(method, text or "") for method, text in rows]


def methods() -> list[str]:
    return [method for method, _text in answers()]


def agree(bot, number=7):
    send(bot, fresh("/start", number=number), button("agree:fa-standard-1", number))
    OutboxMessage.objects.all().delete()


def test_an_update_is_answered_in_the_transaction_that_handles_it(talker):
    send(talker, fresh("/start"))
    row = OutboxMessage.objects.get()
    assert (row.bot_user.platform_user_id, row.payload["chat_id"], row.kind, row.state) == (7, 7, "reply", "queued")


def test_a_replayed_file_answers_nobody(talker, tmp_path):
    file = tmp_path / "updates.jsonl"
    file.write_text(json.dumps({"bot": talker.slug, "update": fresh("/start")}))
    call_command("replay_updates", file)
    project_inbox()
    assert BotUser.objects.count() == 1
    assert answers() == []


def test_what_comes_too_late_is_kept_and_not_answered(talker):
    config.REPLY_LATEST_SECONDS = 60
    send(talker, message("/start", date=now_ish(seconds=90)))
    assert BotUser.objects.count() == 1
    assert answers() == []
    send(talker, message("/start", date=now_ish(seconds=30)))
    assert len(answers()) == 1


def test_a_bot_without_a_token_says_nothing(bot):
    send(bot, fresh("/start"))
    assert answers() == []


def test_an_update_that_is_handled_again_is_answered_once(talker):
    update = fresh("/help")
    send(talker, update)
    send(talker, update)  # the platform sends again what it takes for lost
    assert len(answers()) == 1


@pytest.mark.django_db(transaction=True)
def test_two_presses_at_once_and_two_workers_make_one_answer_each(talker):
    agree(talker)
    pressed = [json.dumps(button("show:about")).encode() for _press in range(2)]
    store_updates(bot=talker, bodies=[*pressed, *pressed], source=InboundUpdate.Source.WEBHOOK)

    def work() -> None:
        try:
            project_inbox()
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _worker in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert methods().count("answerCallbackQuery") == methods().count("sendMessage") == 2


def test_who_has_blocked_the_bot_is_not_written_to(talker):
    send(talker, fresh("/start"), membership("kicked"), button("show:menu"))
    assert methods() == ["sendMessage", "answerCallbackQuery"]  # what came before is still in the outbox


def test_a_press_in_a_group_is_acknowledged_and_no_more(talker):
    agree(talker)
    pressed = button("show:about")
    pressed["callback_query"]["message"] = {"message_id": 5, "date": 1, "chat": {"id": -5, "type": "group"}}
    send(talker, pressed)
    assert methods() == ["answerCallbackQuery"]


def test_a_message_that_is_too_old_to_be_changed_is_followed_by_a_new_one(talker):
    agree(talker)
    pressed = button("show:about")
    pressed["callback_query"]["message"] = {"message_id": 5, "date": 0, "chat": {"id": 7, "type": "private"}}
    send(talker, pressed)
    assert methods() == ["answerCallbackQuery", "sendMessage"]
    pressed = button("show:about")
    pressed["callback_query"]["message"] = {"message_id": 5, "date": 9, "chat": {"id": 7, "type": "private"}}
    send(talker, pressed)
    assert methods()[2:] == ["answerCallbackQuery", "editMessageText"]


@pytest.mark.parametrize(
    "parts",
    [
        {"id": 5}, {"id": None}, {"id": [1]}, {"message": []}, {"message": "x"}, {"message": {"message_id": "x"}},
        {"message": {"message_id": 5, "date": 1, "chat": 7}}, {"message": {"message_id": True, "date": 1}},
        {"data": "poll:"}, {"data": "poll:99999999999999999999"}, {"data": "cities:-1"}, {"data": "cities:٣"},
        {"data": "cities:9999999999999"}, {"data": "city:<b>"}, {"data": "agree:"}, {"data": "agree:fa-own-9"},
        {"data": "forget:"}, {"data": "show:__class__"}, {"data": ":"}, {"data": "\u0000"}, {"data": "{candidate}"},
    ],
)  # fmt: skip
def test_no_press_is_odd_enough_to_stop_the_inbox(parts, talker):
    agree(talker)
    pressed = button("show:about")
    pressed["callback_query"] |= parts
    report = send(talker, pressed)
    assert (report.projected, report.rejected) == (1, 0)


def test_names_are_text_and_nothing_more(talker):
    sender = person(first_name="{candidate} {number} %s <b>", language_code="en")
    send(talker, fresh("/start", **{"from": sender}))
    assert answers()[0][1].startswith("Hello {candidate} {number} %s <b>!")


def test_who_has_no_name_is_a_friend(talker):
    send(talker, fresh("/start", **{"from": person(first_name="", username="x", language_code="en")}))
    assert answers()[0][1].startswith("Hello friend!")


def test_a_flood_of_one_person_gets_five_answers_and_holds_up_nobody(talker):
    agree(talker)
    send(talker, *(fresh("/help") for _each in range(50)), fresh("/start", number=8))
    assert len(answers()) == 6


def test_help_comes_again_after_an_hour(talker, time_machine):
    agree(talker)
    send(talker, fresh("چه خبر"), fresh(sticker={"file_id": "x"}))
    assert len(answers()) == 1
    time_machine.move_to(timezone.now() + HINT_EVERY + dt.timedelta(minutes=1))
    send(talker, fresh("چه خبر"))
    assert len(answers()) == 2


def test_a_paused_bot_says_so_once_a_day_and_keeps_what_is_sent(talker, time_machine):
    agree(talker)
    Bot.objects.update(paused_at=timezone.now())
    send(talker, fresh("/start"), fresh("سلام"), button("contribute:idea"), fresh("پیشنهاد"))
    assert methods() == ["sendMessage", "answerCallbackQuery"]
    assert BotUser.objects.get().message_count == 4
    time_machine.move_to(timezone.now() + dt.timedelta(days=1, minutes=1))
    send(talker, fresh("سلام"))
    assert methods() == ["sendMessage", "answerCallbackQuery", "sendMessage"]


def test_a_changed_text_of_consent_is_asked_for_again(talker):
    agree(talker)
    change_text(candidate=talker.candidate, key="consent", language="fa", text="متن تازه {first_name}", actor=None)
    send(talker, button("show:about"), button("agree:fa-standard-1"))
    assert [text for _method, text in answers() if text] == ["متن تازه مریم"] * 2
    assert BotUser.objects.get().consent_version == "fa-standard-1"
    send(talker, button("agree:fa-own-1"))
    assert BotUser.objects.get().consent_version == "fa-own-1"


def test_two_candidates_bots_speak_their_own_words(talker):
    other = make_candidate("isfahan", name="سارا")
    second = create_bot(candidate=other, slug="isfahan-1", name="I", token="200:other", actor=None)
    change_text(candidate=other, key="help", language="fa", text="راهنمای {candidate}", actor=None)
    send(talker, fresh("/help"))
    send(second, fresh("/help"))
    assert [text for _method, text in answers()][1] == "راهنمای سارا" != answers()[0][1]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_at_random_moments_leaves_one_answer_to_each_update(talker):
    bodies = [json.dumps(fresh("/help", number=number)).encode() for number in range(1, 401)]
    store_updates(bot=talker, bodies=bodies, source=InboundUpdate.Source.WEBHOOK)
    kills = 0
    for _round in range(6):
        process = start_worker()
        try:
            process.wait(timeout=random.uniform(0.01, 0.3))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
    project_inbox()
    assert kills > 0, "no worker was killed: the test tested nothing"
    people = OutboxMessage.objects.values_list("bot_user__platform_user_id", flat=True)
    assert sorted(people) == list(range(1, 401))
