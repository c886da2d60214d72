"""A system with rows in each table that a backup holds, hostile texts among them; and its emptying."""

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, transaction
from django_otp_webauthn.models import WebAuthnAttestation, WebAuthnCredential, WebAuthnUserHandle

from accounts.models import (
    AllowedNetwork,
    AuthenticatorDevice,
    BackupCode,
    BackupCodeDevice,
    Candidate,
    PasswordRecord,
    StaffScope,
    User,
)
from accounts.roles import Role
from accounts.testing import make_candidate, make_staff
from audit.models import AuditSeal
from bots import models as bots
from bots.models import Bot, BotUser
from common.testing.database import triggers_off
from exports.backup.restoring import RestoreReport, restore_backup
from exports.backup.sealed import open_backup
from exports.backup.tables import LEFT_OUT, TABLES
from exports.backup.writing import clear_lines
from exports.models import ScheduledExport
from exports.services.backups import make_backup
from exports.tests.samples import HOSTILE, SEEN, make_bot
from plans import models as plans
from plans.testing import make_campaign, make_plan

MIDNIGHT = dt.time(0, 0)
# What PostgreSQL refuses in a text, and an encrypted one may have: nobody reads it before it is decrypted.
BEYOND_POSTGRESQL = '{"text": "\x00 \\u0000 \ud800 \t\\N\r\n"}'
PASSPHRASE = "correct horse battery staple"


def make_world() -> tuple[Candidate, Candidate]:
    """Two candidates, each with rows in every table, and what belongs to the company."""
    owner = make_staff(Role.OWNER, username="owner")
    _fill_staff(owner)
    plan, other = make_plan("basic"), make_plan("premium")
    _fill_company(owner, plan, other)
    candidates = _fill_candidate("karimi", owner, plan), _fill_candidate("ahmadi", owner, plan)
    move = plans.SubscriberMove.objects.create(old_plan=plan, new_plan=other, reason="moved", state="running")
    first, last = plans.Subscription.objects.order_by("pk")
    plans.SubscriberMovePart.objects.create(move=move, subscription_ids=[first.pk])
    plans.SubscriberMoveRow.objects.create(move=move, subscription=last, outcome="moved")
    return candidates


def _fill_staff(owner: User) -> None:
    owner.email = "owner@example.ir"
    owner.save()
    PasswordRecord.objects.create(user=owner, hash="md5$1")
    AuthenticatorDevice.objects.create(user=owner, name="phone", confirmed=True)
    device = BackupCodeDevice.objects.create(user=owner, name="codes", confirmed=True)
    BackupCode.objects.create(device=device, fingerprint="f" * 64)
    passkey = WebAuthnCredential.objects.create(
        user=owner, name="key", credential_id=b"\x00\xff\\", public_key=b"key", transports=["usb"], sign_count=3,
        backup_eligible=False, backup_state=False, aaguid="0" * 36,
    )  # fmt: skip
    WebAuthnAttestation.objects.create(credential=passkey, fmt="none", data=b"{}", client_data_json=b"\n\t\\")
    WebAuthnUserHandle.objects.create(user=owner, handle_hex="ab" * 32)
    AllowedNetwork.objects.create(network="192.0.2.0/24", note="office", created_by=owner)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO constance_constance (key, value) VALUES ('INBOX_KEEP_DAYS', '{\"v\": 40}')")


def _fill_company(owner: User, plan: Any, other: Any) -> None:
    plans.PlanReleaseHistory.objects.create(
        plan_code=plan.code, step="enabled", stage_before="draft", stage_after="available", actor_id=owner.pk,
        notes="\n".join(HOSTILE).replace("\x00", ""),
    )  # fmt: skip
    track = plans.ReleaseTrack.objects.create(name="Spring", created_by=owner)
    step = plans.ReleaseTrackStep.objects.create(track=track, position=1, plan=other, judgement=[{"held": None}])
    plans.StepApproval.objects.create(step=step, content_hash="0" * 64, approved_by=owner)
    AuditSeal.objects.create(**{field.name: _any_value(field) for field in AuditSeal._meta.fields})


def _any_value(field: Any) -> Any:
    kind = field.get_internal_type()
    if kind == "DateTimeField":
        return SEEN
    return b"\x01" if kind == "BinaryField" else 1 if "Integer" in kind else "1"


def _fill_candidate(code: str, owner: User, plan: Any) -> Candidate:
    candidate = make_candidate(
        code, name=f"{code} \\ نامزد", phone=f"0912{len(code)}000000", email=f"{code}@example.ir"
    )
    StaffScope.objects.create(user=owner, candidate=candidate)
    campaign = make_campaign(plan)
    use = plans.CampaignUse.objects.create(campaign=campaign, candidate=candidate, plan=plan, saved_rials=200_000)
    plans.BetaTester.objects.create(plan=plan, candidate=candidate, added_by=owner)
    plans.BetaFeedback.objects.create(
        plan=plan, candidate=candidate, kind="opinion", text=HOSTILE[10], written_by=owner
    )
    plans.Subscription.objects.create(candidate=candidate, plan=plan, price_rials=800_000, campaign_use=use)
    schedule = ScheduledExport.objects.create(
        name=f"Each day {code}", dataset="bot_users", candidate=candidate, format="csv", frequency="daily",
        at_time=MIDNIGHT, owner=owner, next_due_at=SEEN, columns=["a", 'b"\\,{}'],
    )  # fmt: skip
    schedule.recipients.add(owner)
    _fill_bot(make_bot(f"bot-{code}", candidate=candidate), owner)
    return candidate


def _fill_bot(bot: Bot, owner: User) -> None:
    bot.token, bot.proxy = f"{bot.pk}:token of {bot.slug}", "socks5://name:word@proxy.example:1080"
    bot.save()
    bots.BotText.objects.create(candidate=bot.candidate, key="welcome", language="fa", text=HOSTILE[-1])
    people = [make_citizen(bot, number, text) for number, text in enumerate(HOSTILE, start=100)]
    first = people[0]
    bots.Click.objects.create(bot=bot, bot_user=first, kind="start", occurred_at=SEEN)
    message = bots.Message.objects.filter(bot_user=first).get()
    contribution = bots.Contribution.objects.create(
        bot=bot, bot_user=first, message=message, kind="idea", text=HOSTILE[3], occurred_at=SEEN, assigned_to=owner
    )
    answer = bots.OutboxMessage.objects.create(
        bot=bot, bot_user=first, kind="answer", payload={"text": HOSTILE[0]}, state="sent",
        cause=f"contribution-answer:{contribution.pk}:1",
    )  # fmt: skip
    bots.OutboxMessage.objects.create(
        bot=bot, bot_user=first, kind="reply", payload={"text": "\u202e"}, state="sent", cause=f"reply:{bot.pk}:7:0"
    )
    bots.ContributionAnswer.objects.create(contribution=contribution, text="thanks", author=owner, delivery=answer)
    bots.ErasedPerson.objects.create(bot=bot, person_index=bots.ErasedPerson.index_of(bot.pk, 999))
    poll = bots.Poll.objects.create(bot=bot, question=HOSTILE[5])
    bots.PlatformPoll.objects.create(poll=poll, bot=bot, platform_poll_id="77")
    bots.PollOption.objects.create(poll=poll, position=0, text="yes", erased_votes=2)
    bots.PollAnswer.objects.create(poll=poll, bot_user=first, option_positions=[0, 3], answered_at=SEEN)
    _fill_broadcast(bot, people[:3], owner)
    for number, body in enumerate((BEYOND_POSTGRESQL, '{"update_id": 8}')):
        bots.InboundUpdate.objects.create(bot=bot, update_id=number or None, body=body, source="webhook")


def _fill_broadcast(bot: Bot, people: list[BotUser], owner: User) -> None:
    broadcast = bots.Broadcast.objects.create(
        candidate=bot.candidate, bot=bot, title="Vote", text=HOSTILE[1], author=owner, quiet_from=MIDNIGHT,
        quiet_until=MIDNIGHT, state="stopped", audience_count=3, sent_count=3, finished_at=SEEN, per_second=0.1 + 0.2,
        buttons=[{"text": "\\", "value": 1e-7}],
    )  # fmt: skip
    bots.BroadcastPicture.objects.create(
        broadcast=broadcast, content=bytes(range(256)), content_type="image/png", sha256="0" * 64
    )
    bots.BroadcastApproval.objects.create(broadcast=broadcast, content_hash="0" * 64, approved_by=owner)
    for person in people:
        bots.BroadcastDelivery.objects.create(broadcast=broadcast, bot_user=person, bot=bot, state="sent")


def make_citizen(bot: Bot, number: int, text: str) -> BotUser:
    """A person of a bot with one message and one click."""
    person = BotUser.objects.create(
        bot=bot, platform_user_id=number, first_name=text[:128], source="\\N", phone=f"+98912{number:07d}",
        first_seen_at=SEEN, last_seen_at=SEEN, click_count=1, message_count=1,
    )  # fmt: skip
    bots.Message.objects.create(
        bot=bot, bot_user=person, update_id=number, message_id=1, kind="text", text=text, occurred_at=SEEN
    )
    bots.Click.objects.create(bot=bot, bot_user=person, update_id=number, kind="start", occurred_at=SEEN)
    return person


def contents(*, without: Collection[str] = ()) -> dict[str, list[bytes]]:
    """Every row of every table that a restore brings, sorted, with encrypted values in clear."""
    tables = [table for table in TABLES if not table.is_read_only and table.name not in without]
    return {table.name: sorted(clear_lines(table, None)) for table in tables}


def empty_database() -> None:
    """Take every row out of the tables of a backup, and of those that are made of them."""
    derived = ("bots.BotHealth", "bots.HourCount", "bots.RollUpMark", "bots.PeopleSnapshot", "bots.PersonLookup")
    labels = [*derived, *(table.label for table in reversed(TABLES) if not table.is_read_only)]
    assert set(derived) <= LEFT_OUT.keys()
    with triggers_off(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("DELETE FROM accounts_staffsession; DELETE FROM auth_group_permissions")
        for label in labels:
            cursor.execute(f"DELETE FROM {apps.get_model(label)._meta.db_table}")  # noqa: S608


def write_sealed(folder: Path, candidate: Candidate | None = None) -> Path:
    """A backup as `manage.py make_backup` writes it."""
    folder.mkdir(exist_ok=True)
    path = folder / f"backup-{candidate.code if candidate else 'all'}"
    make_backup(path=path, candidate=candidate, passphrase=PASSPHRASE, overwrite=True, actor=None)
    return path


def restore(path: Path, **options: Any) -> RestoreReport:
    """Restore a backup as `manage.py restore_backup` does."""
    with open_backup(path, ask_passphrase=lambda: PASSPHRASE) as source:
        return restore_backup(source=source, actor=None, **options)


def fates_of(report: RestoreReport, table: str) -> dict[str, int]:
    """What becomes of a table's rows, without what becomes of none."""
    found = next(asdict(one) for one in report.tables if one.table == table)
    return {name: number for name, number in found.items() if isinstance(number, int) and number}


@pytest.fixture
def emptied_world(transactional_db: None) -> Iterator[None]:
    """After the test the database is empty, of what can't be deleted, too."""
    yield
    empty_database()
