"""A backup that can't be trusted, doesn't fit or is in somebody's way: refused before anything is written."""

import io
import json
import os
import random
import signal
import subprocess
import zipfile

import pytest
from django.db import connection

from bots.models import Bot, BotUser, Click
from common.environment import PROJECT_DIR
from common.testing.database import whole_database
from common.testing.processes import PYTHON
from exports.backup import write_backup
from exports.backup.restoring import ConflictsError
from exports.backup.sealed import MAGIC, make_recovery_key, open_backup
from exports.errors import ExportRefusedError
from exports.tests.backup_world import (  # noqa: F401 (a fixture)
    PASSPHRASE,
    contents,
    emptied_world,
    empty_database,
    fates_of,
    make_world,
    restore,
    write_sealed,
)
from plans.models import DiscountCampaign

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied_world")]


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def sealed(world, tmp_path):
    """A backup of a system that is empty now."""
    path = write_sealed(tmp_path)
    empty_database()
    return path


def refusal_of(path) -> str:
    before = whole_database()
    with pytest.raises(ExportRefusedError) as refusal:
        restore(path)
    assert whole_database() == before
    return refusal.value.code


def clear_zip() -> bytes:
    file = io.BytesIO()
    write_backup(file=file, candidate=None, made_by="test", with_credentials=True)
    return file.getvalue()


def changed_zip(content: bytes, name: str, change) -> bytes:
    """The archive with one file changed, as somebody would who makes it anew."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w") as new:
        for one in old.namelist():
            data = old.read(one)
            new.writestr(one, change(data) if one == name else data)
    return file.getvalue()


def with_manifest(content: bytes, **values) -> bytes:
    return changed_zip(content, "manifest.json", lambda data: json.dumps({**json.loads(data), **values}).encode())


def test_a_flipped_bit_anywhere_is_refused(sealed):
    content = sealed.read_bytes()
    begin = content.index(b"\n", len(MAGIC)) + 1
    for place in [begin, begin + 20, *random.Random(7).sample(range(begin, len(content)), 12), len(content) - 1]:
        sealed.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert refusal_of(sealed) == "damaged"


def test_a_cut_is_refused(sealed):
    content = sealed.read_bytes()
    for length in (len(content) - 1, len(content) // 2, len(MAGIC) + 300):
        sealed.write_bytes(content[:length])
        assert refusal_of(sealed) == "damaged"


def test_a_downloaded_zip_that_was_changed_or_cut_is_refused(world, tmp_path):
    content, path = clear_zip(), tmp_path / "backup.zip"
    empty_database()
    changes = {
        "damaged": changed_zip(content, "bots_botuser.tsv", lambda data: data.replace(b"tehran", b"shiraz") + b"\n"),
        "not-a-backup": content[: len(content) // 2],
    }
    for code, changed in changes.items():
        path.write_bytes(changed)
        assert refusal_of(path) == code
    path.write_bytes(changed_zip(content, "audit_auditlog.tsv", lambda data: data[:-2]))
    assert refusal_of(path) == "damaged"
    path.write_bytes(content)
    assert restore(path).total("new") > 100


def test_another_pass_phrase_and_other_files_are_refused_as_such(sealed, tmp_path):
    with pytest.raises(ExportRefusedError) as refusal, open_backup(sealed, ask_passphrase=make_recovery_key):
        pass
    assert refusal.value.code == "wrong-passphrase"
    other = tmp_path / "other"
    for content in (b"", b"\x00" * 5000, b"PK\x03\x04 but no zip", MAGIC, MAGIC + b"{}\n"):
        other.write_bytes(content)
        assert refusal_of(other) == "not-a-backup"


def test_a_newer_or_older_schema_is_refused_with_its_migrations(world, tmp_path):
    content, path = clear_zip(), tmp_path / "backup.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        migrations = json.loads(archive.read("manifest.json"))["migrations"]
    for theirs, words in (([*migrations, "bots.9999_later"], "bots.9999_later"), (migrations[1:], migrations[0])):
        path.write_bytes(with_manifest(content, migrations=theirs))
        with pytest.raises(ExportRefusedError, match=words) as refusal:
            restore(path)
        assert refusal.value.code == "other-schema"


def test_an_unknown_table_or_form_is_refused(world, tmp_path):
    content, path = clear_zip(), tmp_path / "backup.zip"
    path.write_bytes(with_manifest(content, form=2))
    assert refusal_of(path) == "not-a-backup"
    path.write_bytes(with_manifest(content, tables=[{
        "table": "pg_authid", "file": "bots_bot.tsv", "columns": [], "rows": 0, "bytes": 0, "sha256": "", "row_sum": ""
    }]))  # fmt: skip
    assert refusal_of(path) == "not-a-backup"


def test_rows_that_differ_are_told_and_refused_or_left_as_they_are(world, tmp_path):
    path = write_sealed(tmp_path)
    Bot.objects.filter(slug="bot-karimi").update(name="Renamed since")
    for bot in Bot.objects.filter(slug="bot-ahmadi"):
        bot.proxy = "socks5://another.example:1080"
        bot.save()
    person = BotUser.objects.get(bot__slug="bot-karimi", platform_user_id=100)
    person.clicks.filter(update_id=100).delete()
    BotUser.objects.filter(pk=person.pk).update(click_count=1, first_name="Renamed")
    before = contents()

    with pytest.raises(ConflictsError) as refusal:
        restore(path)
    assert fates_of(refusal.value.report, "bots_bot") == {"differing": 2}
    assert contents() == before
    report = restore(path, keep_ours=True)

    assert fates_of(report, "bots_click") == {"new": 1, "same": Click.objects.count() - 1}
    person.refresh_from_db()
    assert (person.first_name, person.click_count) == ("Renamed", 2)
    assert Bot.objects.get(slug="bot-karimi").name == "Renamed since"
    assert Bot.objects.get(slug="bot-ahmadi").proxy == "socks5://another.example:1080"
    examples = next(table.examples for table in report.tables if table.table == "bots_bot")
    assert set(examples) == set(Bot.objects.values_list("webhook_key", flat=True))


def test_parts_of_what_differs_are_not_mixed_in(world, tmp_path):
    path = write_sealed(tmp_path)
    campaign = DiscountCampaign.objects.all()[0]
    campaign.plans.clear()
    report = restore(path)
    assert fates_of(report, "plans_discountcampaign_plans") == {"of_wholes": 1, "same": 1}
    assert not campaign.plans.exists()


def test_a_role_that_was_taken_from_somebody_does_not_come_back(world, tmp_path):
    path = write_sealed(tmp_path)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_user_groups; DELETE FROM accounts_authenticatordevice")
    restore(path)
    after = contents()
    assert after["accounts_user_groups"] == after["accounts_authenticatordevice"] == []


def test_a_row_that_is_in_the_way_is_refused_always(world, tmp_path):
    path = write_sealed(tmp_path)
    Bot.objects.filter(slug="bot-karimi").update(webhook_key="another bot with the same slug and token")
    before = contents()
    with pytest.raises(ConflictsError) as refusal:
        restore(path, keep_ours=True)
    assert fates_of(refusal.value.report, "bots_bot") == {"same": 1, "colliding": 1}
    assert contents() == before


def test_a_restore_that_is_killed_leaves_nothing_half_done(migrated_postgresql, world, tmp_path):
    path = write_sealed(tmp_path)
    environment = {
        **os.environ,
        "DATABASE_URL": migrated_postgresql.url,
        "ELECTIONSITE_ENVIRONMENT": "development",
        "ELECTIONSITE_BACKUP_PASSPHRASE": PASSPHRASE,
    }
    command = [PYTHON, "-c", KILLED_AT_INSERT.format(path=str(path), table="bots_message")]
    done = subprocess.run(command, env=environment, cwd=PROJECT_DIR, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    counts = [PYTHON, "-c", COUNTS]
    left = subprocess.run(counts, env=environment, cwd=PROJECT_DIR, capture_output=True, text=True, check=True)
    assert json.loads(left.stdout.splitlines()[-1]) == {"people": 0, "candidates": 0, "restores": 0}
    again = [PYTHON, "manage.py", "restore_backup", str(path), "--yes"]
    done = subprocess.run(again, env=environment, cwd=PROJECT_DIR, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    left = subprocess.run(counts, env=environment, cwd=PROJECT_DIR, capture_output=True, text=True, check=True)
    people = BotUser.objects.count()
    assert json.loads(left.stdout.splitlines()[-1]) == {"people": people, "candidates": 2, "restores": 1}


SET_UP = """
import os, signal, json
os.environ["DJANGO_SETTINGS_MODULE"] = "electionsite.settings"
import django
django.setup()
"""
KILLED_AT_INSERT = (
    SET_UP
    + """
from django.core.management import call_command
from exports.backup import restoring
insert = restoring.insert_new
def insert_and_die(table):
    insert(table)
    if table.name == "{table}":
        os.kill(os.getpid(), signal.SIGKILL)
restoring.insert_new = insert_and_die
call_command("restore_backup", "{path}", "--yes")
"""
)
COUNTS = (
    SET_UP
    + """
from accounts.models import Candidate
from audit.models import AuditLog
from bots.models import BotUser
restores = AuditLog.objects.filter(action="exports.backup.bring_back").count()
print(json.dumps({"people": BotUser.objects.count(), "candidates": Candidate.objects.count(), "restores": restores}))
"""
)
