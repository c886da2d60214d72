"""When a second person must agree to an export."""

from constance import config

from exports.models import DataExportLog
from exports.run_wishes import wish_hash

APPROVE_PERMISSION = "exports.approve_export"


def needs_approval(*, rows: int, holds_personal_data: bool) -> bool:
    """Whether one person alone may not export so many rows."""
    return bool(holds_personal_data and rows > config.EXPORT_APPROVAL_ROWS)


def is_approved(run: DataExportLog) -> bool:
    """Whether a second person, who still may, has agreed to the run as it is now."""
    approver = run.approved_by
    return bool(
        approver
        and approver.pk != run.asked_by_id
        and approver.has_perm(APPROVE_PERMISSION)
        and run.approved_hash == wish_hash(run)
    )


def earlier_approval(run: DataExportLog) -> DataExportLog | None:
    """An approved run of the same wish that `run` repeats: what it tries again, or an earlier one of its schedule."""
    if run.schedule_id:
        earlier = DataExportLog.objects.filter(schedule=run.schedule_id)
    elif run.retry_of_id:
        earlier = DataExportLog.objects.filter(pk=run.retry_of_id)
    else:
        return None
    approved = earlier.filter(approved_hash=wish_hash(run)).select_related("approved_by").first()
    return approved if approved and is_approved(approved) else None
