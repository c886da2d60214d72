import json

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError, connection

from bots.models import BotUser, Click, Contribution, InboundUpdate, Message, Poll, PollAnswer
from bots.projection.worker import project_inbox
from bots.selectors import poll_results
from bots.services.inbox import retry_updates, store_updates
from bots.testing import ASSORTED
from bots.tests.updates import button, membership, message, person, poll, send, update, vote
from common.crypto import DecryptionError, make_key

pytestmark = pytest.mark.django_db


def test_a_start_is_a_click_and_a_message_and_names_the_source(bot):
    send(bot, message("/start src_poster"))
    citizen = BotUser.objects.get()
    assert (citizen.first_name, citizen.source, citizen.click_count, citizen.message_count) == ("مریم", "poster", 1, 1)
    assert Click.objects.get().kind == Click.Kind.START
    assert Message.objects.get().text == "/start src_poster"


def test_a_later_start_leaves_the_source_alone(bot):
    send(bot, message("/start src_poster"), message("/start src_sms"))
    send(bot, message("/start src_site"))
    assert BotUser.objects.get().source == "poster"


def test_a_source_that_comes_after_the_first_contact_is_not_taken(bot):
    send(bot, message("hello"))
    send(bot, message("/start src_sms"))
    assert BotUser.objects.get().source == ""


def test_a_start_that_names_the_bot_counts_too(bot):
    send(bot, message("/start@some_bot src_sms"))
    assert BotUser.objects.get().source == "sms"


def test_the_same_citizen_in_two_bots_is_two_people(bot):
    from accounts.testing import make_candidate
    from bots.services.bots import create_bot

    other = create_bot(candidate=make_candidate(), slug="other", name="Other", actor=None)
    send(bot, message("/start"))
    send(other, message("/start"))
    assert BotUser.objects.count() == 2


def test_a_city_button_sets_the_city_and_counts_as_a_click(bot):
    send(bot, button("city:shiraz"))
    citizen = BotUser.objects.get()
    assert (citizen.city, citizen.click_count, citizen.message_count) == ("shiraz", 1, 0)


def test_the_next_text_after_the_button_is_a_contribution_and_commands_are_not(bot):
    send(bot, button("contribute:idea"), message("/help"), message("Plant trees"), message("and more"))
    contribution = Contribution.objects.get()
    assert (contribution.kind, contribution.text) == ("idea", "Plant trees")
    assert contribution.message.text == "Plant trees"
    assert Message.objects.count() == 3


def test_the_asked_for_text_may_come_in_another_batch(bot):
    send(bot, button("contribute:report"))
    send(bot, message("The lamp is broken"))
    assert Contribution.objects.get().kind == "report"


def test_an_unknown_kind_of_contribution_asks_for_nothing(bot):
    send(bot, button("contribute:bribe"), message("text"))
    assert not Contribution.objects.exists()


def test_an_own_contact_sets_the_phone_and_keeps_it(bot):
    send(bot, message(contact={"phone_number": "+989127025006", "first_name": "x", "user_id": 7}))
    send(bot, message("later"))
    citizen = BotUser.objects.get()
    assert citizen.phone == "+989127025006"
    assert citizen.phone_index == BotUser._meta.get_field("phone_index").index_of("۰۹۱۲ ۷۰۲ ۵۰۰۶")


def test_somebody_elses_contact_sets_no_phone(bot):
    send(bot, message(contact={"phone_number": "989127025006", "first_name": "x", "user_id": 8}))
    assert BotUser.objects.get().phone == ""


def test_blocking_and_coming_back(bot):
    send(bot, membership("kicked"))
    assert BotUser.objects.get().is_blocked
    send(bot, membership("member"))
    assert not BotUser.objects.get().is_blocked


def test_the_latest_vote_counts_and_an_empty_one_takes_it_back(bot):
    send(bot, poll("a", "b"), vote([0]), vote([1]), vote([0], number=8))
    only = Poll.objects.get()
    assert [votes for _option, votes in poll_results(only)] == [1, 1]
    send(bot, vote([]))
    assert [votes for _option, votes in poll_results(only)] == [1, 0]


def test_a_vote_that_comes_before_its_poll_is_kept(bot):
    send(bot, vote([1]))
    send(bot, poll("a", "b", question="Which?"))
    only = Poll.objects.get()
    assert only.question == "Which?"
    assert [votes for _option, votes in poll_results(only)] == [0, 1]


def test_an_edit_replaces_the_text_and_adds_no_message(bot):
    first = message("frist")
    send(bot, first)
    edited = {**first["message"], "text": "first"}
    send(bot, update(edited_message=edited))
    only = Message.objects.get()
    assert only.text == "first"
    assert only.edited_at is not None


def test_what_is_said_in_a_group_makes_nobody_a_person(bot):
    group = {"id": -5, "type": "supergroup", "title": "group"}
    report = send(bot, update(message={"message_id": 1, "from": person(), "chat": group, "date": 1, "text": "hi"}))
    assert (report.unused, BotUser.objects.count()) == (1, 0)


def test_a_kind_that_appears_tomorrow_is_kept_and_counted_by_its_name(bot):
    report = send(bot, update(mind_reading={"thought": 1}))
    assert report.unused == 1
    assert InboundUpdate.objects.get().kind == "mind_reading"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"message": {"chat": {"id": "seven", "type": "private"}}}, "Expected `int`"),
        ({"message": {"chat": {"id": 2**63, "type": "private"}}}, "<="),
        ({"poll_answer": {"poll_id": "1", "option_ids": [99999], "user": person()}}, "<="),
    ],
)
def test_what_cannot_be_read_is_rejected_with_its_reason_and_stops_nobody(bot, content, reason):
    report = send(bot, update(**content), message("after it"))
    assert (report.rejected, report.projected) == (1, 1)
    assert reason in InboundUpdate.objects.get(state="rejected").reason


def test_an_update_that_the_database_refuses_is_rejected_alone(bot):
    bad, good = message("bad"), message("good")
    citizen = BotUser.objects.create(
        bot=bot, platform_user_id=1, first_seen_at="2025-01-01T00:00Z", last_seen_at="2025-01-01T00:00Z"
    )
    Message.objects.create(
        bot=bot, bot_user=citizen, update_id=bad["update_id"], kind="text", occurred_at="2025-01-01T00:00Z"
    )
    report = send(bot, bad, good)
    assert (report.rejected, report.projected) == (1, 1)
    assert "message_once_per_update" in InboundUpdate.objects.get(state="rejected").reason
    assert Message.objects.filter(text="good").exists()


def test_a_stored_body_that_was_changed_is_rejected_alone(bot):
    first, second = message("changed"), message("good")
    store_updates(bot=bot, bodies=[json.dumps(first).encode()], source=InboundUpdate.Source.WEBHOOK)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE bots_inboundupdate SET body = left(body, -8) || 'AAAAAAAA'")
    report = send(bot, second)
    assert (report.rejected, report.projected) == (1, 1)
    assert "decrypted" in InboundUpdate.objects.defer("body").get(state="rejected").reason


def test_without_its_key_nothing_is_rejected_and_all_goes_on_when_it_is_back(bot, settings):
    ring = settings.FIELD_KEYS
    store_updates(bot=bot, bodies=[json.dumps(message("x")).encode()], source=InboundUpdate.Source.WEBHOOK)
    settings.FIELD_KEYS = f"other:{make_key()}"
    with pytest.raises(DecryptionError):
        project_inbox()
    settings.FIELD_KEYS = ring
    assert project_inbox().projected == 1


@pytest.mark.parametrize("error", [SoftTimeLimitExceeded(), OperationalError("gone"), MemoryError()])
def test_what_is_no_updates_fault_rejects_none(error, bot, monkeypatch):
    store_updates(bot=bot, bodies=[json.dumps(message("x")).encode()], source=InboundUpdate.Source.WEBHOOK)

    def fail(*args: object) -> None:
        raise error

    monkeypatch.setattr("bots.projection.worker.apply_facts", fail)
    with pytest.raises(type(error)):
        project_inbox()
    monkeypatch.undo()
    assert project_inbox().projected == 1


def test_a_rejected_update_can_be_retried_and_the_retry_is_audited(bot):
    from audit.models import AuditLog

    send(bot, update(message={"chat": {"id": "seven", "type": "private"}}))
    rejected = InboundUpdate.objects.get()
    rejected.body = json.dumps(message("mended"))
    rejected.save()
    assert retry_updates(updates=[rejected.pk], actor=None) == 1
    assert project_inbox().projected == 1
    assert AuditLog.objects.filter(action="bots.inbound_update.retry").exists()


def test_a_retry_leaves_updates_alone_that_are_not_rejected(bot):
    send(bot, message("fine"))
    assert retry_updates(updates=[InboundUpdate.objects.get().pk], actor=None) == 0
    assert project_inbox().total == 0


def test_nul_and_lone_surrogates_are_stored_as_readable_text(bot):
    chat = b'{"id": 7, "type": "private", "first_name": "a\\u0000b"}'
    body = b'{"update_id": 1, "message": {"chat": ' + chat + b', "date": 1, "text": "x\\ud800y\\u0000z"}}'
    store_updates(bot=bot, bodies=[body], source=InboundUpdate.Source.WEBHOOK)
    assert project_inbox().projected == 1
    assert Message.objects.get().text == "x\ufffdyz"
    assert BotUser.objects.get().first_name == "ab"
    assert InboundUpdate.objects.get().body.encode() == body


def test_assorted_updates_are_all_stored_and_none_of_a_person_in_private_is_rejected(bot):
    updates = [json.loads(line) for line in ASSORTED.read_bytes().splitlines()]
    report = send(bot, *updates)
    numbers = {item["update_id"] for item in updates}
    assert InboundUpdate.objects.count() == report.total == len(numbers) == 49
    assert report.rejected == 0
    private = [item for item in updates if item.get("message", {}).get("chat", {}).get("type") == "private"]
    assert Message.objects.count() == len(private)
    assert PollAnswer.objects.count() == 0


def test_counters_of_people_equal_their_rows(bot):
    send(bot, message("/start"), button("city:qom"), message("x"), message("y", number=8))
    for citizen in BotUser.objects.all():
        assert citizen.click_count == citizen.clicks.count()
        assert citizen.message_count == citizen.messages.count()
