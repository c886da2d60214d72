"""Erasure: by the person, by staff, and again after a restore."""

import datetime as dt
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.urls import reverse
from django.utils import timezone

from accounts.recent_factor import SHOWN_AT_KEY
from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from audit.models import AuditLog
from bots.models import BotUser, Click, Contribution, ErasedPerson, InboundUpdate, Message, OutboxMessage
from bots.selectors import poll_results, poll_voters
from bots.services.bots import create_bot
from bots.services.erasure import erase_person, reapply_erasures
from bots.tasks import erase_who_asked
from bots.tests.updates import button, membership, message, person, poll, send, vote
from common.errors import DomainError
from common.testing.database import triggers_off, whole_database

NUMBER = 7_007_007_007
SECRET = "درخت‌های خیابان ما"
in_chat = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def journal(settings, tmp_path):
    settings.ERASURES_FILE = tmp_path / "elsewhere" / "erasures.jsonl"
    return settings.ERASURES_FILE


@pytest.fixture
def citizen(bot) -> BotUser:
    """Somebody who has left something everywhere."""
    who: dict[str, Any] = {"from": person(NUMBER, first_name="پرستو", username="parastoo_k")}
    contact = {"phone_number": "+989127654321", "first_name": "پرستو", "user_id": NUMBER}
    send(
        bot, message("/start", number=NUMBER, **who), button("contribute:idea", NUMBER),
        message(SECRET, number=NUMBER, **who), message(number=NUMBER, contact=contact, **who),
        poll("باغ", "میدان"), vote([1], number=NUMBER), vote([1], number=8), membership("member", NUMBER),
    )  # fmt: skip
    return BotUser.objects.get(platform_user_id=NUMBER)


def bodies() -> str:
    return "\n".join(InboundUpdate.objects.values_list("body", flat=True))


@in_chat
def test_a_person_is_erased_after_a_yes_and_the_last_reply(maryam):
    maryam.agree()
    maryam.write("/forget")
    maryam.press("forget:no")
    assert BotUser.objects.get().forget_asked_at is None
    maryam.write("/forget")
    maryam.press("forget:yes")
    assert "آخرین پیام" in maryam.text()
    told = maryam.count()
    maryam.write("هنوز هستید؟")
    assert maryam.count() == told

    assert erase_who_asked.apply().get() == 1

    assert not BotUser.objects.exists()
    assert ErasedPerson.objects.count() == 1
    assert bodies().strip() == ""


@in_chat
def test_who_writes_after_erasure_is_nobody_until_a_new_start_asks_anew(maryam):
    maryam.agree()
    erase_person(person_id=BotUser.objects.get().pk, reason="", actor=None)
    told = maryam.count()

    maryam.write("سلام")
    assert not BotUser.objects.exists()
    assert not Message.objects.exists()
    assert maryam.count() == told
    assert bodies().strip() == ""

    maryam.start()
    assert (BotUser.objects.get().consent_version, maryam.count()) == ("", told + 1)
    assert reapply_erasures() == 0
    assert BotUser.objects.count() == 1


@pytest.mark.django_db
def test_nothing_of_a_person_stays_and_votes_are_numbers_without_a_name(citizen):
    tombstone = erase_person(person_id=citizen.pk, reason="", actor=None)

    everything = whole_database()
    for trace in (str(NUMBER), "پرستو", "parastoo_k", SECRET):
        assert trace not in everything
    assert str(NUMBER) not in bodies()
    assert SECRET not in bodies()
    assert InboundUpdate.objects.count() == 8  # their numbers stay, so that none of them comes again
    assert not Click.objects.exists()
    assert not Contribution.objects.exists()
    held = BotUser.objects.get().poll_answers.get().poll
    assert [count for _option, count in poll_results(held)] == [0, 2]
    assert poll_voters(held) == 2
    row = AuditLog.objects.get(action="bots.bot_user.erase")
    assert (row.object_id, row.details["removed"]["messages"]) == (str(tombstone.pk), 3)


@pytest.mark.django_db
def test_another_bots_person_of_the_same_number_stays(bot, citizen):
    other = create_bot(candidate=make_candidate("isfahan", city="isfahan"), slug="isfahan-1", name="I", actor=None)
    send(other, message("سلام", number=NUMBER))
    erase_person(person_id=citizen.pk, reason="", actor=None)
    send(other, message("سلام", number=NUMBER))
    assert BotUser.objects.get(platform_user_id=NUMBER).message_count == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("keeps_tombstone", [True, False])
def test_whom_a_restore_brings_back_is_erased_again(citizen, bot, journal, keeps_tombstone, capsys):
    before = BotUser.objects.get(pk=citizen.pk)
    erase_person(person_id=citizen.pk, reason="", actor=None)
    # As a backup from before the erasure has it, with the tombstones of today or without.
    BotUser.objects.bulk_create([before])
    if not keeps_tombstone:
        with triggers_off():
            ErasedPerson.objects.all().delete()

    call_command("reapply_erasures", "--dry-run")
    assert BotUser.objects.filter(platform_user_id=NUMBER).exists()
    call_command("reapply_erasures")

    assert not BotUser.objects.filter(platform_user_id=NUMBER).exists()
    assert ErasedPerson.objects.count() == 1
    send(bot, message("باز هم من", number=NUMBER))
    assert not BotUser.objects.filter(platform_user_id=NUMBER).exists()


@pytest.mark.django_db
def test_the_journal_says_nobodys_name_and_survives_a_cut_line(citizen, journal):
    journal.parent.mkdir()
    journal.write_bytes(b'{"bot": 1, "per')
    erase_person(person_id=citizen.pk, reason="", actor=None)

    lines = journal.read_text().splitlines()
    assert set(json.loads(lines[-1])) == {"bot", "person", "erased_at"}
    assert str(NUMBER) not in journal.read_text()
    assert reapply_erasures() == 0


@pytest.mark.django_db
def test_nobody_is_erased_while_the_journal_cannot_be_written_and_people_are_told(citizen, journal, caplog):
    journal.parent.write_text("a file where the folder should be")
    with pytest.raises(DomainError) as refused:
        erase_person(person_id=citizen.pk, reason="", actor=None)
    assert refused.value.code == "erasure-journal-away"
    BotUser.objects.filter(pk=citizen.pk).update(forget_asked_at=timezone.now())
    assert erase_who_asked.apply().get() == 0
    assert "ALARM erasure-journal-away" in caplog.text
    assert BotUser.objects.filter(pk=citizen.pk).exists()
    assert not ErasedPerson.objects.exists()


@pytest.mark.django_db
def test_who_never_gets_the_last_reply_is_erased_all_the_same(citizen, time_machine):
    OutboxMessage.objects.create(bot=citizen.bot, bot_user=citizen, kind="reply", cause="x", payload={})
    BotUser.objects.filter(pk=citizen.pk).update(forget_asked_at=timezone.now())
    assert erase_who_asked.apply().get() == 0
    time_machine.move_to(timezone.now() + dt.timedelta(minutes=5))
    assert erase_who_asked.apply().get() == 1


def erase_address(row) -> str:
    return reverse("bots-staff:person-erase", args=[row.pk])


@pytest.mark.django_db
def test_staff_with_the_right_erase_with_a_reason(citizen):
    client = sign_in(make_staff(Role.DATA_OFFICER))
    assert erase_address(citizen) in client.get(f"/admin/bots/botuser/{citizen.pk}/change/").content.decode()
    client.post(erase_address(citizen), {"reason": " "})
    assert BotUser.objects.filter(pk=citizen.pk).exists()

    client.post(erase_address(citizen), {"reason": "by letter"})

    assert not BotUser.objects.filter(pk=citizen.pk).exists()
    assert AuditLog.objects.get(action="bots.bot_user.erase").details["reason"] == "by letter"


@pytest.mark.django_db
def test_erasing_wants_a_right_a_candidate_of_ones_own_and_a_recent_second_factor(citizen):
    support = sign_in(make_staff(Role.SUPPORT))
    assert support.post(erase_address(citizen), {"reason": "x"}).status_code == 403
    stranger = sign_in(make_staff(Role.DATA_OFFICER, candidates=[make_candidate("qom")]))
    assert stranger.post(erase_address(citizen), {"reason": "x"}).status_code == 404
    officer = sign_in(make_staff(Role.DATA_OFFICER))
    session = officer.session
    session[SHOWN_AT_KEY] = 0
    session.save()
    assert officer.post(erase_address(citizen), {"reason": "x"}).status_code == 302
    assert BotUser.objects.filter(pk=citizen.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_tombstones_cannot_be_changed(citizen):
    erase_person(person_id=citizen.pk, reason="", actor=None)
    for statement in ("DELETE FROM bots_erasedperson", "UPDATE bots_erasedperson SET person_index = ''"):
        with pytest.raises(DatabaseError), connection.cursor() as cursor:
            cursor.execute(statement)
