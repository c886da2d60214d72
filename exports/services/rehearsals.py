"""Rehearsing what a backup is for."""

import datetime as dt
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from audit.alarms import raise_alarm
from audit.services import record
from common.errors import DomainError
from exports.backup.rehearsing import rehearse
from exports.backup.sealed import make_recovery_key, new_sealed_file
from exports.backup.writing import write_backup
from exports.errors import ExportFailedError, ExportRefusedError
from exports.models import BackupRehearsal, DataExportLog

State = BackupRehearsal.State
FAILED_ALERT, OLD_ALERT = "backup-rehearsal-failed", "backup-rehearsal-old"
AT_LEAST_EVERY = dt.timedelta(days=14)
# Who was killed tells nobody; a rehearsal that is older than this isn't running any more.
LONGEST = dt.timedelta(hours=6)
LOCK = "exports.rehearse_restore"
_OLD_REMEDY = gettext_lazy("See that a worker and beat run, or run manage.py rehearse_restore, and see what it says.")


def rehearse_restore(*, actor: User | None, path: Path | None = None, passphrase: str = "") -> BackupRehearsal:
    """Restore a backup into a scratch database, compare, and put down what came of it.

    The backup is the file at `path`; without one the last complete backup among the exports, or one made for this.
    A failure raises an alarm and is returned as such. Raises ExportRefusedError `rehearsal-running`.
    """
    rehearsal = _begin()
    try:
        with _backup(path, passphrase) as where:
            outcome = rehearse(rehearsal.pk, where)
        rehearsal.rows = outcome.rows
        rehearsal.backup_made_at = dt.datetime.fromisoformat(outcome.made_at)
        if outcome.problems:
            message = _("These tables didn't come back as they were (rows here / in the backup): %s")
            raise ExportFailedError("rehearsal-differs", message % ", ".join(outcome.problems))
    except Exception as error:
        _end(rehearsal, State.FAILED, _reason(error), actor)
        raise_alarm(FAILED_ALERT, _("The rehearsal of the backup failed: %s") % _reason(error))
        if not isinstance(error, DomainError | OSError):
            raise
    else:
        _end(rehearsal, State.PASSED, "", actor)
    return rehearsal


def last_rehearsal() -> BackupRehearsal | None:
    """The last rehearsal that has ended, for pages that tell of it."""
    return BackupRehearsal.objects.exclude(state=State.RUNNING).first()


def rehearsal_alerts() -> list[str]:
    """What is wrong with the rehearsals at present, as names of alerts.

    A system in which none is due yet has none to show: what counts is how long it could have been done.
    """
    last = last_rehearsal()
    found = [FAILED_ALERT] if last and last.state == State.FAILED else []
    passed = BackupRehearsal.objects.filter(state=State.PASSED).values_list("finished_at", flat=True).first()
    since = passed or _installed_at()
    return [*found, OLD_ALERT] if since and since < timezone.now() - AT_LEAST_EVERY else found


def watch_rehearsals() -> bool:
    """Raise the alarm `backup-rehearsal-old` where none has passed for two weeks; returns whether."""
    is_old = OLD_ALERT in rehearsal_alerts()
    if is_old:
        raise_alarm(OLD_ALERT, _("No backup was restored for a rehearsal within two weeks."), _OLD_REMEDY)
    return is_old


def _installed_at() -> dt.datetime | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(applied) FROM django_migrations WHERE app = 'exports'")
        row = cursor.fetchone()
    return row[0] if row else None


def _begin() -> BackupRehearsal:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [LOCK])
        running = BackupRehearsal.objects.filter(state=State.RUNNING)
        if running.filter(started_at__gt=timezone.now() - LONGEST).exists():
            raise ExportRefusedError("rehearsal-running", _("A rehearsal is running already."))
        running.update(state=State.FAILED, finished_at=timezone.now(), reason=_("It was ended before its end."))
        return BackupRehearsal.objects.create()


@contextmanager
def _backup(path: Path | None, passphrase: str) -> Iterator[dict[str, str]]:
    """Where the other process finds the backup."""
    if path:
        yield {"path": str(path.resolve()), "passphrase": passphrase}
        return
    ready = DataExportLog.objects.filter(dataset="backup", candidate=None, state=DataExportLog.State.READY)
    run = ready.order_by("-finished_at").first()
    if run:
        yield {"storage_name": run.storage_name, "key": run.file_key, "number": str(run.number)}
        return
    with tempfile.TemporaryDirectory(prefix="electionsite-rehearsal-") as folder:
        new_path, key = Path(folder) / "backup", make_recovery_key()
        with new_sealed_file(new_path, passphrase=key) as file:
            write_backup(file=file, candidate=None, made_by="rehearsal", with_credentials=True)
        yield {"path": str(new_path), "passphrase": key}


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, DomainError | OSError) else type(error).__name__


def _end(rehearsal: BackupRehearsal, state: State, reason: str, actor: User | None) -> None:
    rehearsal.state, rehearsal.reason, rehearsal.finished_at = state, reason, timezone.now()
    with transaction.atomic():
        rehearsal.save()
        details = {"state": str(state), "rows": rehearsal.rows, "reason": reason}
        record(action="exports.backup.rehearse", actor=actor, target=rehearsal, details=details)
