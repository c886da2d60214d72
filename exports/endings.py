"""How runs end. Each end is one transaction with its row in the audit log, and people are told after it."""

import datetime as dt
from typing import Any

from constance import config
from django.db import transaction
from django.utils import timezone

from audit.services import record
from common.text import clean_text
from exports.models import DataExportLog

LONGEST_REASON = 1_000

State = DataExportLog.State


def end_ready(run: DataExportLog, *, file: Any, made: dict[str, Any]) -> None:
    """The file lies in the vault, whole; `run` is locked. `made` are the run's fields that tell of the file."""
    for name, value in made.items():
        setattr(run, name, value)
    run.storage_name, run.file_key, run.stored_bytes = file.storage_name, file.key, file.stored_bytes
    run.expires_at = timezone.now() + dt.timedelta(days=config.EXPORT_KEEP_DAYS)
    end(run, State.READY)
    names = ("dataset", "format", "filters", "columns", "purpose", "holds_personal_data", "sha256")
    details = {name: getattr(run, name) for name in names}
    details |= {"rows": run.rows_written, "bytes": run.file_bytes}
    record(action="exports.run.finish", actor=run.asked_by, target=run, details=details)


def end_failed(run: DataExportLog, *, code: str, reason: str = "") -> None:
    """It won't have a file; `run` is locked. `reason` is for codes that `exports.outcomes` doesn't explain."""
    run.reason_code, run.reason = code, clean_text(reason, LONGEST_REASON)
    end(run, State.FAILED)
    record(action="exports.run.fail", actor=run.asked_by, target=run, details={"reason": code})


def end_cancelled(run: DataExportLog) -> None:
    """A worker has stopped as somebody asked for, which is recorded already; `run` is locked."""
    end(run, State.CANCELLED)
    record(action="exports.run.stopped", actor=run.cancel_asked_by, target=run)


def put_back(run: DataExportLog) -> None:
    """Have a run that broke off begin anew with the next worker; `run` is locked."""
    run.state, run.claim, run.seen_at, run.rows_written = State.QUEUED, None, None, 0
    run.save(update_fields=["state", "claim", "seen_at", "rows_written"])


def end(run: DataExportLog, state: str) -> None:
    """Bring a run to its end, which the caller records; `run` is locked."""
    from exports.services.schedules import note_outcome  # which asks for runs itself
    from exports.tasks import tell_of_export

    run.state, run.finished_at, run.claim, run.seen_at = state, timezone.now(), None, None
    run.save()
    note_outcome(run)
    number = run.pk
    # A queue that is away must not undo what has happened.
    transaction.on_commit(lambda: tell_of_export.delay(run_id=number), robust=True)
