"""How a worker makes an export, and how exports are found whose worker or whose task was lost."""

import logging
from collections.abc import Callable
from typing import Any, BinaryIO, cast

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from common.errors import DomainError
from common.jalali import format_local
from exports import outcomes
from exports.approval import is_approved, needs_approval
from exports.bulk import write_zip
from exports.claims import MOST_ATTEMPTS, ClaimLostError, Verdict, claim_run, held, runs_of_the_dead
from exports.datasets import Wish, check_wish, dataset_named
from exports.endings import end_cancelled, end_failed, end_ready, put_back
from exports.engine import Written
from exports.errors import ExportFailedError
from exports.file_names import file_name
from exports.keeper import Keeper, Stopped
from exports.models import DataExportLog
from exports.run_wishes import BULK, BULK_FORMAT, wishes_of
from exports.snapshot import one_snapshot
from exports.vault import encrypt_export_file, remove_vault_file

logger = logging.getLogger(__name__)

SWEPT_AT_ONCE = 100

State = DataExportLog.State


def carry_out(run_id: int) -> None:
    """Make the export's file and note how it ended, if it waits for a worker and no other worker has it.

    Whatever happens to this process, the run's state stays true: `sweep_exports` finds what was left behind.
    """
    run = claim_run(run_id)
    if run is None:
        return
    try:
        _carry_out(run)
    except BaseException as error:
        _note_end(run, error)
        if not isinstance(error, Exception):
            raise


def sweep_exports() -> list[int]:
    """Take back the runs whose worker died; returns the numbers of those that a worker should be given now."""
    for number in list(runs_of_the_dead().values_list("pk", flat=True)[:SWEPT_AT_ONCE]):
        try:
            _take_from_the_dead(number)
        except Exception:
            logger.exception("Export %s of a dead worker could not be taken back", number)
    waiting = DataExportLog.objects.filter(state=State.QUEUED).order_by("pk")
    return list(waiting.values_list("pk", flat=True)[:SWEPT_AT_ONCE])


def _take_from_the_dead(number: int) -> None:
    with transaction.atomic():
        run = runs_of_the_dead().select_for_update(skip_locked=True).filter(pk=number).first()
        if run:
            _take_back(run, outcomes.INTERRUPTED)


def watermark_of(run: DataExportLog) -> str:
    """Who had the export made and when, as it stands in each file."""
    person = str(run.asked_by) if run.asked_by else _("the system")
    words = _("%(person)s, %(time)s, export %(number)s")
    return words % {"person": person, "time": format_local(timezone.now()), "number": run.number}


def _carry_out(run: DataExportLog) -> None:
    with translation.override(run.language):
        wishes = wishes_of(run)
        for wish in wishes:
            check_wish(wish)
        if run.approved_hash and not is_approved(run):
            raise ExportFailedError(outcomes.APPROVAL_VOID, outcomes.REASONS[outcomes.APPROVAL_VOID][0])
        watermark = watermark_of(run)
        with Keeper(run) as keeper, encrypt_export_file(run=run) as file:
            written = _write(run, wishes, cast(BinaryIO, file), watermark, keeper.note)
            keeper.refuse_to_go_on_when_stopped()
        _finish(run, written, file, made=_made(run, wishes, written, watermark))


def _write(
    run: DataExportLog, wishes: list[Wish], file: BinaryIO, watermark: str, on_progress: Callable[[int], None]
) -> Written:
    with one_snapshot():
        if run.dataset == BULK:
            return write_zip(wishes, file=file, watermark=watermark, on_progress=on_progress)
        return dataset_named(run.dataset).write(wishes[0], file=file, watermark=watermark, on_progress=on_progress)


def _finish(run: DataExportLog, written: Written, file: Any, *, made: dict[str, Any]) -> None:
    """The file is in the vault; say so in the database. A file that no run has goes at once.

    Where the connection breaks nobody knows whether the commit arrived. The file stays then, and the clean-up takes it
    if it belongs to no run.
    """
    try:
        with held(run) as locked:
            if locked.cancel_asked_at:
                raise Stopped(Verdict.CANCELLED)
            if _needs_approval_after_all(locked, written):
                raise _MoreThanExpected(written.rows)
            end_ready(locked, file=file, made=made)
    except (OperationalError, InterfaceError):
        raise
    except BaseException:
        remove_vault_file(file.storage_name)
        raise


def _needs_approval_after_all(run: DataExportLog, written: Written) -> bool:
    too_many = needs_approval(rows=written.rows, holds_personal_data=run.holds_personal_data)
    return too_many and not is_approved(run)


def _made(run: DataExportLog, wishes: list[Wish], written: Written, watermark: str) -> dict[str, Any]:
    """What the run's fields tell of its file."""
    extension = BULK_FORMAT if run.dataset == BULK else dataset_named(run.dataset).extension(wishes[0])
    stem = "-".join(filter(None, [run.dataset.replace("_", "-"), run.candidate.code if run.candidate else ""]))
    return {
        "rows_expected": written.rows,  # the engine has compared them with what SQL counts
        "rows_are_estimated": False,
        "rows_written": written.rows,
        "file_bytes": written.bytes,
        "sha256": written.sha256,
        "file_name": file_name(stem, extension),
        "manifest": {"rows_by_sheet": dict(written.rows_by_sheet), "made_by": watermark},
    }


class _MoreThanExpected(Exception):
    """The file holds more personal data than one person alone may export, which wasn't known before."""


def _note_end(run: DataExportLog, error: BaseException) -> None:
    try:
        with held(run) as locked, translation.override(run.language):
            _end(locked, error)
    except ClaimLostError:
        logger.warning("Export %s is somebody else's now", run)
    except Exception:
        logger.exception("How export %s ended could not be noted; the sweep will find it", run)


def _end(run: DataExportLog, error: BaseException) -> None:
    if isinstance(error, _MoreThanExpected):
        put_back(run)
        run.state, run.rows_expected, run.rows_are_estimated = State.AWAITING_APPROVAL, error.args[0], False
        run.save(update_fields=["state", "rows_expected", "rows_are_estimated"])
    elif isinstance(error, Stopped | OperationalError | InterfaceError) or not isinstance(error, Exception):
        _take_back(run, outcomes.INTERRUPTED)
    elif isinstance(error, DomainError) and error.code == outcomes.STORE_AWAY:
        _take_back(run, outcomes.STORE_AWAY)
    else:
        code, reason = _reason_of(run, error)
        end_failed(run, code=code, reason=reason)


def _take_back(run: DataExportLog, code: str) -> None:
    """The work on a run broke off for a reason that may be gone soon; `code` is for the last time. `run` is locked."""
    if run.cancel_asked_at:
        end_cancelled(run)
    elif run.attempts >= MOST_ATTEMPTS:
        end_failed(run, code=code)
    else:
        put_back(run)


def _reason_of(run: DataExportLog, error: Exception) -> tuple[str, str]:
    if isinstance(error, DomainError):
        return error.code, str(error)
    if isinstance(error, SoftTimeLimitExceeded):
        return outcomes.TOO_LONG, ""
    logger.error("Export %s broke off", run, exc_info=error)
    return outcomes.DEFECT, ""
