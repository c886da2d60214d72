"""A backup is restored, cell by cell as it was, into an empty system or beside what is there."""

import base64
import json
import os
import zipfile

import pytest
from django.db import connection

from accounts.models import AuthenticatorDevice, Candidate, User
from audit.models import AuditLog
from bots.models import (
    Bot,
    BotUser,
    Broadcast,
    BroadcastDelivery,
    Contribution,
    HourCount,
    InboundUpdate,
    OutboxMessage,
    PersonLookup,
)
from common.crypto import make_key
from exports.backup import count_backup_rows, write_backup
from exports.backup.sealed import open_backup
from exports.backup.tables import TABLES
from exports.errors import ExportRefusedError
from exports.tests.backup_world import (  # noqa: F401 (a fixture)
    BEYOND_POSTGRESQL,
    PASSPHRASE,
    contents,
    emptied_world,
    empty_database,
    fates_of,
    make_world,
    restore,
    write_sealed,
)
from exports.tests.samples import HOSTILE
from plans.models import SubscriberMovePart, Subscription

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied_world")]


@pytest.fixture
def world():
    return make_world()


def test_everything_comes_back_cell_by_cell_into_an_empty_database(world, tmp_path):
    before = contents()
    assert [table for table, rows in before.items() if not rows] == []
    path = write_sealed(tmp_path)
    empty_database()

    report = restore(path)

    assert contents() == before
    assert report.total("new") == sum(map(len, before.values()))
    assert report.total("differing") == report.total("colliding") == report.total("left_out") == 0
    assert InboundUpdate.objects.filter(update_id=None).earliest("pk").body == BEYOND_POSTGRESQL


def test_what_is_made_of_other_tables_is_made_again(world, tmp_path):
    path = write_sealed(tmp_path)
    lookups, people = PersonLookup.objects.count(), BotUser.objects.count()
    empty_database()
    restore(path)
    assert PersonLookup.objects.count() == lookups == people
    assert HourCount.objects.exists()


def test_new_rows_after_a_restore_get_numbers_of_their_own(world, tmp_path):
    path = write_sealed(tmp_path)
    highest = BotUser.objects.latest("pk").pk
    empty_database()
    with connection.cursor() as cursor:
        cursor.execute("ALTER SEQUENCE bots_botuser_id_seq RESTART")
    restore(path)
    assert BotUser.objects.latest("pk").pk == highest
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('bots_botuser_id_seq')")
        assert cursor.fetchone()[0] > highest


def test_a_backup_is_restored_under_other_keys(world, tmp_path, settings):
    path = write_sealed(tmp_path)
    before = contents(without={"bots_erasedperson"})
    empty_database()
    settings.FIELD_KEYS = f"new:{make_key()}"
    settings.BLIND_INDEX_KEY = base64.b64encode(os.urandom(32)).decode()

    with pytest.raises(ExportRefusedError) as refusal:
        restore(path)
    assert refusal.value.code == "other-index-key"
    report = restore(path, lose_erasures=True)

    assert contents(without={"bots_erasedperson"}) == before
    assert fates_of(report, "bots_erasedperson") == {"left_out": 2}
    index = BotUser._meta.get_field("phone_index").index_of("+989120000100")
    assert {person.phone for person in BotUser.objects.filter(phone_index=index)} == {"+989120000100"}


def test_restoring_it_where_all_of_it_is_changes_nothing(world, tmp_path):
    path, before = write_sealed(tmp_path), contents()
    report = restore(path)
    assert contents() == before
    assert report.total("new") == report.total("differing") == 0


def test_a_dry_run_tells_and_changes_nothing(world, tmp_path):
    path = write_sealed(tmp_path)
    Contribution.objects.all().delete()
    Bot.objects.filter(slug="bot-karimi").update(name="another")
    before, logged = contents(), AuditLog.objects.count()
    report = restore(path, is_dry_run=True)
    assert fates_of(report, "bots_contribution") == {"new": 2}
    assert fates_of(report, "bots_bot") == {"same": 1, "differing": 1}
    assert contents() == before
    assert AuditLog.objects.count() == logged


def test_what_was_lost_comes_back_beside_what_is_there(world, tmp_path):
    path, before = write_sealed(tmp_path), contents()
    BotUser.objects.filter(bot__slug="bot-karimi", platform_user_id=101).delete()
    assert contents() != before
    restore(path)
    assert contents() == before


def test_rows_get_other_numbers_where_theirs_are_taken(world, tmp_path):
    """As when the backup of one system is restored into another, which has customers of its own."""
    path = write_sealed(tmp_path, world[0])
    cause_before = OutboxMessage.objects.get(bot__slug="bot-karimi", kind="answer").cause
    _rename_everything()
    ours = contents()

    report = restore(path)

    assert report.total("colliding") == 0
    # A tombstone has its bot's number in it, and names nobody under another.
    assert report.total("left_out") == fates_of(report, "bots_erasedperson")["left_out"] == 1
    karimi = Candidate.objects.get(code="karimi")
    assert karimi.pk != world[0].pk
    assert karimi.phone == "09126000000"
    people = BotUser.objects.filter(bot__candidate=karimi)
    assert [person.first_name for person in people.order_by("platform_user_id")] == [text[:128] for text in HOSTILE]
    contribution = Contribution.objects.get(bot__candidate=karimi)
    assert contribution.message.text == HOSTILE[0]
    answer = contribution.answers.get().delivery
    assert answer.cause == f"contribution-answer:{contribution.pk}:1" != cause_before
    bot = Bot.objects.get(slug="bot-karimi")
    assert OutboxMessage.objects.filter(kind="reply", cause=f"reply:{bot.pk}:7:0", bot=bot).exists()
    assert Subscription.objects.get(candidate=karimi).bought_plan.code == "basic"
    theirs = contents()
    assert all(set(rows) <= set(theirs[table]) for table, rows in ours.items() if table != "plans_discountcampaign")


def _rename_everything() -> None:
    """Make the first candidate's rows those of somebody else, under the same numbers."""
    with connection.cursor() as cursor:
        for statement in (
            "UPDATE accounts_candidate SET code = code || '-other'",
            "UPDATE bots_bot SET webhook_key = webhook_key || 'x', slug = slug || '-other', token_index = ''",
            "UPDATE bots_outboxmessage SET cause = cause || ':other'",
        ):
            cursor.execute(statement)


def test_nothing_that_was_under_way_is_sent_again(world, tmp_path):
    OutboxMessage.objects.filter(kind="reply").update(state="queued")
    OutboxMessage.objects.filter(kind="answer").update(state="sending")
    broadcasts = Broadcast.objects.order_by("pk")
    Broadcast.objects.update(finished_at=None, sent_count=2)
    broadcasts.filter(candidate=world[0]).update(state="sending")
    broadcasts.filter(candidate=world[1]).update(state="scheduled")
    for broadcast in broadcasts:
        first = broadcast.deliveries.earliest("bot_user_id")
        BroadcastDelivery.objects.filter(pk=first.pk).update(state="sending", settled_at=None)
    path = write_sealed(tmp_path)
    empty_database()
    restore(path)
    assert set(OutboxMessage.objects.values_list("state", flat=True)) == {"uncertain"}
    assert list(broadcasts.values_list("state", "sent_count", "uncertain_count")) == [("paused", 2, 1), ("draft", 2, 1)]
    assert BroadcastDelivery.objects.filter(state="uncertain").count() == 2
    assert BroadcastDelivery.objects.filter(state="sending").count() == 0


def test_the_audit_log_is_in_the_backup_and_never_restored_over_ours(world, tmp_path):
    AuditLog.objects.create(action="accounts.candidate.add", details={"marker": "then"})
    path = write_sealed(tmp_path)
    before = list(AuditLog.objects.values_list("pk", flat=True).order_by("pk"))
    empty_database()
    report = restore(path)
    assert "audit_auditlog" not in {table.table for table in report.tables}
    rows = AuditLog.objects.order_by("pk")
    assert list(rows.values_list("pk", flat=True))[: len(before)] == before
    restored = rows.get(action="exports.backup.bring_back")
    assert restored.details["rows"] == report.total("new")
    assert restored.details["made_by"] == "manage.py"


def test_a_candidate_s_backup_holds_nothing_of_others(world, tmp_path):
    User.objects.create_user("stranger", "x")
    path = write_sealed(tmp_path, world[0])
    with open_backup(path, ask_passphrase=lambda: PASSPHRASE) as source, zipfile.ZipFile(source) as archive:
        files = {name: archive.read(name).decode("utf-8", "surrogatepass") for name in archive.namelist()}
    manifest = json.loads(files.pop("manifest.json"))
    everything = "\n".join(files.values())
    assert "karimi" in everything
    assert "ahmadi" not in everything
    assert "stranger" not in everything
    assert files["accounts_user.tsv"].splitlines()[0].split("\t") == ["id", "username"]
    assert not {"audit_auditlog.tsv", "accounts_passwordrecord.tsv", "plans_subscribermove.tsv"} & files.keys()
    assert manifest["candidate"] == "karimi"
    counts = {file["table"]: file["rows"] for file in manifest["tables"]}
    assert counts["bots_botuser"] == BotUser.objects.filter(bot__candidate=world[0]).count() == len(HOSTILE)
    assert sum(counts.values()) == count_backup_rows(world[0])
    for file in manifest["tables"]:
        assert files[file["file"]].count("\n") == file["rows"] + 1


def test_a_candidate_comes_back_alone(world, tmp_path):
    path = write_sealed(tmp_path, world[0])
    everything = contents()
    empty_database()
    User.objects.create_user("owner", "x")

    restore(path)

    assert Candidate.objects.get().code == "karimi"
    now = contents()
    assert all(now[table.name] for table in TABLES if table.of_candidate)
    for table in ("bots_botuser", "bots_message", "bots_click", "bots_inboundupdate", "bots_pollanswer"):
        assert set(now[table]) <= set(everything[table])


def test_a_part_of_a_move_names_its_subscriptions_by_their_new_numbers(world, tmp_path):
    path = write_sealed(tmp_path)
    part = SubscriberMovePart.objects.get()
    whose = Subscription.objects.get(pk=part.subscription_ids[0]).candidate.code
    _rename_everything()
    User.objects.update(username="someone")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE plans_plan SET code = code || '-other'")
        cursor.execute("UPDATE plans_discountcampaign SET code_key = code_key || '-other'")
        cursor.execute("UPDATE django_otp_webauthn_webauthncredential SET credential_id_sha256 = 'other'")
        cursor.execute("UPDATE django_otp_webauthn_webauthnuserhandle SET handle_hex = 'other'")
    restore(path, keep_ours=True)
    part = SubscriberMovePart.objects.latest("pk")
    subscription = Subscription.objects.get(pk=part.subscription_ids[0])
    assert (subscription.candidate.code, subscription.plan.code) == (whose, "basic")


def test_what_staff_may_download_has_nothing_to_sign_in_with(world, tmp_path):
    path = tmp_path / "backup.zip"
    with path.open("wb") as file:
        written = write_backup(file=file, candidate=None, made_by="owner")
    assert written.rows == count_backup_rows(None)
    with zipfile.ZipFile(path) as archive:
        content = b"".join(archive.read(name) for name in archive.namelist())
    owner = User.objects.get(username="owner")
    assert b"owner@example.ir" in content
    for secret in (owner.password, AuthenticatorDevice.objects.get().seed, "f" * 64, "ab" * 32):
        assert secret.encode() not in content
    assert restore(path).total("differing") == 0
    empty_database()
    restore(path)
    assert not User.objects.get(username="owner").has_usable_password()
