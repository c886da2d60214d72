"""Files of exports end after their time, keys first; what belongs to nothing goes, what is in use stays."""

import datetime as dt
import json
from io import StringIO
from uuid import uuid4

import pytest
import time_machine
from django.core.management import call_command
from django.test import TestCase
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff
from audit.models import AuditLog
from common.errors import DomainError
from exports.errors import ExportFailedError
from exports.models import DataExportLog
from exports.outcomes import explain
from exports.services.cleaning import CleanupReport, cleanup_old_exports, remove_export
from exports.tasks import cleanup_exports
from exports.vault import (
    decrypt_export_file,
    encrypt_export_file,
    new_vault_file,
    open_vault_file,
    remove_vault_file,
    vault_files,
)

pytestmark = pytest.mark.django_db
KEPT = dt.timedelta(days=7)
NOTHING = CleanupReport(files=0, orphans=0, bytes=0, lost=0, names=())
State = DataExportLog.State


def cleaned(days_later: float = 0, **options) -> CleanupReport:
    """The report of a clean-up so many days from now, with what waits for its commit."""
    later = timezone.now() + dt.timedelta(days=days_later)
    with time_machine.travel(later), TestCase.captureOnCommitCallbacks(execute=True):
        return cleanup_old_exports(**{"actor": None, **options})


def make_ready(content: bytes = b"content", **fields) -> DataExportLog:
    """A run whose file lies in the vault for a week."""
    run = DataExportLog.objects.create(
        dataset="bot_users", format="csv", state=State.RUNNING, claim=uuid4(), file_name="people.csv", **fields
    )
    with encrypt_export_file(run=run) as file:
        file.write(content)
    run.storage_name, run.file_key, run.stored_bytes = file.storage_name, file.key, file.stored_bytes
    run.state, run.claim, run.sha256, run.rows_expected = State.READY, None, "0" * 64, 0
    run.finished_at = timezone.now()
    run.expires_at = run.finished_at + KEPT
    run.save()
    return run


def names() -> list[str]:
    return [entry.name for entry in vault_files()]


def acts() -> list[str]:
    return list(AuditLog.objects.order_by("id").values_list("action", flat=True))


def test_a_file_ends_after_its_time():
    run = make_ready()
    assert cleaned(6.9) == NOTHING
    assert cleaned(7.1) == CleanupReport(files=1, orphans=0, bytes=run.stored_bytes, lost=0, names=("people.csv",))
    assert names() == []
    run.refresh_from_db()
    assert (run.state, run.file_key, run.storage_name) == (State.EXPIRED, "", "")
    assert acts() == ["exports.run.expire"]
    assert cleaned(7.1) == NOTHING


def test_a_copy_of_the_file_is_worth_nothing_without_the_key(vault_folder):
    run = make_ready()
    key, copy = run.file_key, (vault_folder / run.storage_name).read_bytes()
    cleaned(8)
    (vault_folder / "copy").write_bytes(copy)
    run.refresh_from_db()
    with pytest.raises(ExportFailedError) as raised:
        decrypt_export_file(run=run)
    assert raised.value.code == "file-missing"
    assert not DataExportLog.objects.exclude(file_key="").exists()
    with open_vault_file("copy", key, number=run.number) as reader:
        assert reader.size == 7, "only who has kept the key reads it"


def test_a_dry_run_tells_the_same_and_changes_nothing():
    make_ready()
    with new_vault_file("orphan", number=uuid4()) as file:
        file.write(b"content")
    told = cleaned(8, dry_run=True)
    assert (told.files, told.orphans, told.names) == (1, 1, ("people.csv", "orphan"))
    assert len(names()) == 2
    assert acts() == []
    assert cleaned(8) == told
    assert names() == []


def test_what_belongs_to_no_export_goes_after_an_hour():
    with new_vault_file("orphan", number=uuid4()) as file:
        file.write(b"content")
    assert cleaned(0.5 / 24) == NOTHING
    assert cleaned(1.5 / 24).names == ("orphan",)
    assert names() == []
    [row] = AuditLog.objects.all()
    assert (row.action, row.details["files"], row.actor_id) == ("exports.vault.clean", ["orphan"], None)


def test_what_is_being_written_stays_for_as_long_as_its_worker_holds_it():
    run = DataExportLog.objects.create(dataset="bot_users", format="csv", state=State.RUNNING, claim=uuid4())
    with encrypt_export_file(run=run) as file:
        file.write(b"content")
        assert cleaned(0.3) == NOTHING
    assert cleaned(0.3) == NOTHING
    run.claim = uuid4()  # another worker has begun anew
    run.save()
    assert cleaned(0.3).names == (file.storage_name,)


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED, State.QUEUED])
def test_what_an_export_without_an_end_has_left_goes(state):
    run = DataExportLog.objects.create(dataset="bot_users", format="csv", claim=uuid4())
    with encrypt_export_file(run=run) as file:
        file.write(b"content")
    run.state, run.claim = state, None
    run.save()
    assert cleaned(0.3).orphans == 1


def test_an_export_whose_file_is_gone_says_so():
    gone, kept = make_ready(), make_ready()
    remove_vault_file(gone.storage_name)
    assert cleaned(0.01) == NOTHING, "the list may be older than the file"
    report = cleaned(0.3)
    assert (report.lost, report.files, report.names) == (1, 0, ())
    gone.refresh_from_db()
    kept.refresh_from_db()
    assert (gone.state, gone.reason_code, gone.file_key) == (State.EXPIRED, "file-missing", "")
    assert explain(gone).words
    assert kept.state == State.READY
    assert acts() == ["exports.run.lose"]


def test_a_vault_that_is_not_mounted_costs_no_export_its_key(vault_folder, caplog):
    run = make_ready()
    vault_folder.rename(vault_folder.with_name("elsewhere"))
    assert cleaned(0.3).lost == 0
    assert "ALARM export-files-away" in caplog.text
    run.refresh_from_db()
    assert run.state == State.READY
    vault_folder.with_name("elsewhere").rename(vault_folder)
    with decrypt_export_file(run=run) as reader:
        assert reader.size == 7


def test_the_key_is_gone_even_when_the_file_cannot_be_removed(vault_folder, caplog):
    run = make_ready()
    path = vault_folder / run.storage_name
    path.unlink()
    path.mkdir()  # unlink refuses a folder, whoever asks
    (path / "file").touch()
    make_ready()
    assert cleaned(8).files == 2
    assert "could not be removed" in caplog.text
    run.refresh_from_db()
    assert (run.state, run.file_key) == (State.EXPIRED, "")
    assert names() == []


def test_a_file_goes_only_when_the_commit_has_come():
    run = make_ready()
    with time_machine.travel(timezone.now() + KEPT * 2):
        cleanup_old_exports(actor=None)
        assert names() == [run.storage_name]


def test_who_may_manage_exports_cleans_up_and_is_named():
    make_ready()
    owner = make_staff(Role.OWNER)
    assert cleaned(8, actor=owner).files == 1
    assert AuditLog.objects.get().actor_id == owner.pk


@pytest.mark.parametrize("dry_run", [True, False])
def test_others_may_not_even_look(dry_run):
    limited = make_staff(Role.OWNER, candidates=[make_candidate()])
    for actor in (make_staff(Role.AUDITOR), limited):
        with pytest.raises(DomainError) as raised:
            cleaned(actor=actor, dry_run=dry_run)
        assert raised.value.code == "not-allowed"


def test_one_removes_ones_own_export():
    officer = make_staff(Role.DATA_OFFICER)
    run = make_ready(asked_by=officer)
    with TestCase.captureOnCommitCallbacks(execute=True):
        remove_export(run=run, actor=officer)
    assert names() == []
    run.refresh_from_db()
    assert (run.state, run.file_key) == (State.EXPIRED, "")
    [row] = AuditLog.objects.all()
    assert (row.action, row.actor_id, row.object_id) == ("exports.run.remove", officer.pk, str(run.pk))
    with pytest.raises(DomainError) as raised:
        remove_export(run=run, actor=officer)
    assert raised.value.code == "wrong-state"


def test_nobody_removes_exports_of_others_without_the_right():
    run = make_ready(asked_by=make_staff(Role.DATA_OFFICER))
    with pytest.raises(DomainError) as raised:
        remove_export(run=run, actor=make_staff(Role.AUDITOR))
    assert raised.value.code == "not-allowed"
    assert names() == [run.storage_name]


def command(*arguments: str) -> str:
    output = StringIO()
    with time_machine.travel(timezone.now() + KEPT * 2), TestCase.captureOnCommitCallbacks(execute=True):
        call_command("cleanup_exports", *arguments, stdout=output)
    return output.getvalue()


def test_the_command_tells_what_it_did():
    make_ready()
    assert "Would be removed: people.csv" in command("--dry-run")
    assert len(names()) == 1
    assert "Removed: people.csv" in command()
    assert names() == []
    assert "Files whose time is over: 0" in command()


def test_the_command_speaks_json():
    run = make_ready()
    assert json.loads(command("--dry-run", "--json")) == {
        "files": 1,
        "orphans": 0,
        "bytes": run.stored_bytes,
        "lost": 0,
        "names": ["people.csv"],
        "dry_run": True,
    }
    assert json.loads(command("--json"))["files"] == 1


def test_each_night_the_task_cleans_up(vault_folder, caplog):
    assert PeriodicTask.objects.get(task="exports.cleanup").crontab.hour == "3"
    make_ready()
    with time_machine.travel(timezone.now() + KEPT * 2), TestCase.captureOnCommitCallbacks(execute=True):
        assert cleanup_exports() == 1
    vault_folder.rmdir()
    vault_folder.write_text("a file is in its place")
    assert cleanup_exports() == 0
    assert "ALARM export-files-away" in caplog.text
    vault_folder.unlink()
