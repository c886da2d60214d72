"""A backup is restored into a scratch database each week, and people hear of it when that fails."""

import datetime as dt
import uuid

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from django.utils.translation import override

from audit.models import AuditLog
from exports.backup import write_backup
from exports.errors import ExportRefusedError
from exports.models import BackupRehearsal, DataExportLog
from exports.services.rehearsals import rehearsal_alerts, rehearse_restore
from exports.tasks import cleanup_exports
from exports.tasks import rehearse_restore as weekly_task
from exports.tests.backup_world import (  # noqa: F401 (a fixture)
    PASSPHRASE,
    emptied_world,
    make_world,
    write_sealed,
)
from exports.vault import encrypt_export_file

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied_world")]
State = BackupRehearsal.State


@pytest.fixture(autouse=True)
def _in_english():
    with override("en"):
        yield


def scratch_databases() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT oid FROM pg_database WHERE datname = current_database()")
        ours = f"electionsite_rehearsal_{cursor.fetchone()[0]}_%"  # other tests use this server, too
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [ours])
        return [name for (name,) in cursor.fetchall()]


def days_ago(days: float) -> dt.datetime:
    return timezone.now() - dt.timedelta(days=days)


def test_the_weekly_task_restores_a_backup_and_finds_all_of_it():
    make_world()
    assert weekly_task() == "passed"
    rehearsal = BackupRehearsal.objects.get()
    assert rehearsal.rows > 200
    assert rehearsal.reason == ""
    assert scratch_databases() == []
    assert rehearsal_alerts() == []
    assert AuditLog.objects.filter(action="exports.backup.rehearse").get().details["state"] == "passed"


def test_the_last_complete_backup_of_the_exports_is_taken():
    make_world()
    run = DataExportLog.objects.create(dataset="backup", format="zip", claim=uuid.uuid4(), rows_expected=0)
    with encrypt_export_file(run=run) as file:
        written = write_backup(file=file, candidate=None, made_by="owner")
    run.storage_name, run.file_key, run.sha256 = file.storage_name, file.key, written.sha256
    run.rows_written = run.rows_expected = written.rows
    run.state, run.finished_at = DataExportLog.State.READY, timezone.now()
    run.save()
    rehearsal = rehearse_restore(actor=None)
    assert (rehearsal.state, rehearsal.rows) == (State.PASSED, written.rows)
    assert rehearsal.backup_made_at
    assert rehearsal.backup_made_at < rehearsal.started_at


def test_a_damaged_backup_fails_and_people_are_told(tmp_path, settings, mailoutbox):
    settings.ALARM_ADDRESSES, settings.BACKUP_PASSPHRASE = ["operations@example.ir"], PASSPHRASE
    path = write_sealed(tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CommandError, match=r"damaged|خراب"):  # the other process speaks the site's language
        call_command("rehearse_restore", path)
    assert rehearsal_alerts() == ["backup-rehearsal-failed"]
    assert len(mailoutbox) == 1
    assert scratch_databases() == []


def test_without_the_right_to_make_databases_it_says_which_right():
    database = connection.settings_dict["NAME"]
    role, here = f"nobody_of_{database}", f'postgres IN DATABASE "{database}"'  # other tests use this server, too
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE ROLE "{role}"')
        cursor.execute(f"ALTER ROLE {here} SET role = '{role}'")
    try:
        rehearsal = rehearse_restore(actor=None)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER ROLE {here} RESET role")
            cursor.execute(f'DROP ROLE "{role}"')
    assert rehearsal.state == State.FAILED
    assert "CREATEDB" in rehearsal.reason


def test_one_runs_at_a_time_unless_it_was_killed():
    running = BackupRehearsal.objects.create()
    with pytest.raises(ExportRefusedError, check=lambda error: error.code == "rehearsal-running"):
        rehearse_restore(actor=None)
    BackupRehearsal.objects.update(started_at=days_ago(1))
    assert rehearse_restore(actor=None).state == State.PASSED
    running.refresh_from_db()
    assert running.state == State.FAILED


@pytest.mark.parametrize(
    ("state", "days", "alerts"),
    [
        (State.PASSED, 13.9, []),
        (State.PASSED, 14.1, ["backup-rehearsal-old"]),
        (State.FAILED, 1, ["backup-rehearsal-failed"]),
        (State.RUNNING, 0, []),
    ],
)
def test_alerts_tell_of_failed_and_of_old_rehearsals(state, days, alerts):
    finished_at = None if state == State.RUNNING else days_ago(days)
    BackupRehearsal.objects.create(state=state, finished_at=finished_at)
    assert rehearsal_alerts() == alerts


def test_a_rehearsal_that_is_long_ago_raises_an_alarm_each_night(settings, mailoutbox):
    settings.ALARM_ADDRESSES = ["operations@example.ir"]
    cleanup_exports.apply()
    assert not mailoutbox
    with time_machine.travel(timezone.now() + dt.timedelta(days=15)):
        cleanup_exports.apply()
    assert "backup-rehearsal-old" in mailoutbox[0].subject
