"""What follows from the end of a run: who is told, and when a schedule that fails is stopped."""

import datetime as dt
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from audit.alarms import raise_alarm
from audit.services import record
from exports.models import DataExportLog, ExportNotice, ScheduledExport
from exports.outcomes import explain
from exports.run_wishes import wish_of
from exports.schedules.rights import why_no_mail, why_not

MOST_FAILURES = 5
# Who waits longer than that has turned to something else.
TELL_AFTER = dt.timedelta(minutes=1)
STOPPED = gettext_lazy("A scheduled export has failed five times in a row and was stopped.")
OWNER_GONE = gettext_lazy("A scheduled export has failed, and its owner can't be told.")

Kind, NoticeState, State = ExportNotice.Kind, ExportNotice.State, DataExportLog.State


def note_outcome(run: DataExportLog) -> None:
    """Write down who is to be told that `run` has ended, and how its schedule fares; in the transaction of its end."""
    if run.schedule_id:
        _note_for_schedule(run, run.schedule_id)
    elif run.asked_by and run.state in (State.READY, State.FAILED) and _took_long(run):
        ExportNotice.objects.create(run=run, recipient=run.asked_by, kind=Kind(run.state))


def note_failure(schedule: ScheduledExport, reason: str, *, run: DataExportLog | None = None) -> None:
    """Count a failure of `schedule`, which the caller has locked and saves; its owner is told, and the fifth stops it.

    `run` is None where no run could begin.
    """
    schedule.failures_in_a_row += 1
    schedule.last_failure = reason
    is_last = schedule.is_active and schedule.failures_in_a_row >= MOST_FAILURES
    if is_last:
        schedule.is_active, schedule.next_due_at = False, None
        schedule.stopped_reason = _("It failed five times in a row. %(reason)s") % {"reason": reason}
    details = {"reason": reason, "failures_in_a_row": schedule.failures_in_a_row}
    if is_last:
        record(action="exports.schedule.stopped", actor=None, target=schedule, details=details)
    else:
        record(action="exports.schedule.fail", actor=None, target=schedule, details=details)
    kind = Kind.STOPPED if is_last else Kind.FAILED if run else Kind.REFUSED
    ExportNotice.objects.create(run=run, schedule=schedule, recipient=schedule.owner, kind=kind, reason=reason)
    if is_last or why_no_mail(schedule.owner):
        code = f"scheduled-export-{'stopped' if is_last else 'failed'}/{schedule.pk}"
        words = STOPPED if is_last else OWNER_GONE
        transaction.on_commit(partial(raise_alarm, code, words, schedule.name, reason), robust=True)


def withhold(notice: ExportNotice, reason: str) -> None:
    """Not send a mail to somebody who has lost the right to it; who gets no link, the schedule's owner is told."""
    notice.state, notice.reason = NoticeState.WITHHELD, reason
    notice.save()
    run = notice.run
    details = {"person": str(notice.recipient), "reason": reason}
    record(action="exports.notice.withheld", actor=None, target=run, details=details)
    if notice.kind == Kind.READY and run and run.schedule:
        # Where the owner was told of somebody else before, they are told again, of all.
        told = {"state": NoticeState.WAITING, "attempts": 0}
        ExportNotice.objects.update_or_create(run=run, recipient=run.schedule.owner, kind=Kind.WITHHELD, defaults=told)


def _took_long(run: DataExportLog) -> bool:
    return bool(run.finished_at and run.finished_at - run.created_at > TELL_AFTER)


def _note_for_schedule(run: DataExportLog, schedule_id: int) -> None:
    schedule = ScheduledExport.objects.select_for_update(of=("self",)).select_related("owner").get(pk=schedule_id)
    if run.state == State.READY:
        schedule.failures_in_a_row, schedule.last_failure = 0, ""
        _note_recipients(run, schedule)
    elif run.state == State.FAILED:
        with override(schedule.language):
            note_failure(schedule, explain(run).words, run=run)
    schedule.save(update_fields=["failures_in_a_row", "last_failure", "is_active", "next_due_at", "stopped_reason"])


def _note_recipients(run: DataExportLog, schedule: ScheduledExport) -> None:
    wish = wish_of(run)
    for user in schedule.recipients.order_by("pk"):
        notice = ExportNotice.objects.create(run=run, recipient=user, kind=Kind.READY)
        with override(schedule.language):
            if reason := why_not(wish, user):
                withhold(notice, reason)
