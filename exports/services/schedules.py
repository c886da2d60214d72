"""Schedules: setting them up, changing, stopping and resuming them. What is due is begun by `due_exports`."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Unpack

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from audit.changes import object_values
from audit.services import record
from common.errors import DomainError
from common.text import clean_text
from exports.datasets import check_wish, dataset_named
from exports.models import DataExportLog, ScheduledExport
from exports.schedules.rights import wish_of_schedule
from exports.schedules.selectors import ADD_PERMISSION, may_change_schedule
from exports.schedules.setting_up import (
    TIMING_FIELDS,
    ScheduleSettings,
    apply,
    check_rights,
    people_named,
    set_next_due,
)
from exports.services.due_exports import make_due_exports, refuse_owner_gone, refuse_standing_run
from exports.services.runs import ask_for_export
from exports.services.schedule_outcomes import note_outcome

__all__ = [
    "change_schedule",
    "make_due_exports",
    "note_outcome",
    "resume_schedule",
    "run_now",
    "schedule_export",
    "stop_schedule",
]

SATURDAY = 5
MORNING = dt.time(6)
DEFAULT_PURPOSE = gettext_lazy("Scheduled export")
LONGEST_REASON = 500
# Who changes only these of somebody else's schedule needs no right to its data.
HARMLESS = {"name", "next_due_at", "starts_on", *TIMING_FIELDS}


@transaction.atomic
def schedule_export(
    *,
    export_type: str,
    schedule: str,
    recipients: Sequence[str | User],
    candidate_id: int | None = None,
    actor: User | None = None,
    name: str = "",
    filters: Mapping[str, str] | None = None,
    columns: Sequence[str] = (),
    format: str = "",
    language: str = settings.LANGUAGE_CODE,
    purpose: str = "",
    calendar: str = ScheduledExport.Calendar.JALALI,
    at_time: dt.time = MORNING,
    weekday: int | None = SATURDAY,
    day_of_month: int | None = 1,
    rule: str = "",
) -> ScheduledExport:
    """Have an export made again and again, and a link to each file sent to `recipients`, staff by their addresses.

    `export_type` is a dataset's code; `schedule` is daily, weekly, monthly, or rule (`rule` then is an RRULE of RFC
    5545). Times are Tehran's, months by default Jalali. The schedule belongs to the actor and runs with their rights;
    where the system sets it up (None), it belongs to the first recipient. Without a name, format or purpose it gets a
    common one.

    Raises DomainError `not-allowed`, `unknown-recipient`, `no-recipients`, `recipient-not-allowed`,
    `unknown-candidate`, `bad-timing`, `bad-rule`, `never-comes`, and as `check_wish` does.
    """
    people = people_named(recipients)
    if not people:
        raise DomainError("no-recipients", _("Name at least one recipient."))
    if actor and not actor.has_perm(ADD_PERMISSION):
        raise DomainError("not-allowed", _("You may not schedule exports."))
    dataset = dataset_named(export_type)
    made = ScheduledExport(owner=actor or people[0])
    wanted: ScheduleSettings = {
        "name": name or str(dataset.title),
        "export_type": export_type,
        "candidate_id": candidate_id,
        "filters": filters or {},
        "columns": columns,
        "format": format or dataset.formats[0],
        "language": language,
        "purpose": purpose or str(DEFAULT_PURPOSE),
        "frequency": schedule,
        "calendar": calendar,
        "at_time": at_time,
        "weekday": weekday,
        "day_of_month": day_of_month,
        "rule": rule,
    }
    apply(wanted, made, actor=actor)
    check_rights(made, people, actor=actor)
    made.save()
    made.recipients.set(people)
    record(action="exports.schedule.create", actor=actor, target=made, details={"after": _values(made, people)})
    return made


@transaction.atomic
def change_schedule(
    *,
    schedule: ScheduledExport,
    actor: User | None,
    recipients: Sequence[str | User] | None = None,
    **changes: Unpack[ScheduleSettings],
) -> ScheduledExport:
    """Change what is given, and leave the rest. It goes on belonging to its owner, and to run with their rights.

    Who changes what somebody else's schedule exports, or for whom, must have a right to that, too. Raises DomainError
    as `schedule_export` does.
    """
    locked = _lock(schedule, actor)
    had = list(locked.recipients.all())
    people = had if recipients is None else people_named(recipients)
    before = _values(locked, had)
    apply(changes, locked, actor=actor)
    if not locked.is_active:
        locked.next_due_at = None
    after = _values(locked, people)
    changed = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    if set(changed) - HARMLESS or set(people) != set(had):
        check_rights(locked, people, actor=actor)
    if not changed:
        return locked
    locked.save()
    locked.recipients.set(people)
    details = {
        "changed": changed,
        "before": {name: before.get(name) for name in changed},
        "after": {name: after.get(name) for name in changed},
    }
    record(action="exports.schedule.change", actor=actor, target=locked, details=details)
    return locked


@transaction.atomic
def stop_schedule(*, schedule: ScheduledExport, actor: User | None, reason: str = "") -> ScheduledExport:
    """Make no more runs of it until it is resumed. Raises DomainError `not-allowed`, `wrong-state`."""
    locked = _lock(schedule, actor)
    if not locked.is_active:
        raise DomainError("wrong-state", _("This schedule is stopped already."))
    locked.is_active, locked.next_due_at = False, None
    locked.stopped_reason = clean_text(reason.strip(), LONGEST_REASON)
    locked.save()
    record(action="exports.schedule.stopped", actor=actor, target=locked, details={"reason": locked.stopped_reason})
    return locked


@transaction.atomic
def resume_schedule(*, schedule: ScheduledExport, actor: User | None) -> ScheduledExport:
    """Have a stopped schedule run again, from its next moment on; its failures are forgotten.

    Raises DomainError `not-allowed`, `wrong-state`, `owner-gone`, `recipient-not-allowed`, `never-comes`, and as
    `check_wish` does: somebody has to put right first what it was stopped for.
    """
    locked = _lock(schedule, actor)
    if locked.is_active:
        raise DomainError("wrong-state", _("This schedule runs already."))
    refuse_owner_gone(locked)
    check_rights(locked, locked.recipients.all(), actor=None)
    set_next_due(locked)
    locked.is_active, locked.failures_in_a_row = True, 0
    locked.last_failure = locked.stopped_reason = ""
    locked.save()
    record(action="exports.schedule.resumed", actor=actor, target=locked)
    return locked


@transaction.atomic
def run_now(*, schedule: ScheduledExport, actor: User | None) -> DataExportLog:
    """Make a run of it now, besides those that are due; its recipients get it as always.

    Raises DomainError `not-allowed`, `owner-gone`, `still-under-way`, and as `check_wish` does.
    """
    locked = _lock(schedule, actor)
    refuse_owner_gone(locked)
    refuse_standing_run(locked)
    wish = wish_of_schedule(locked)
    check_wish(wish)
    run = ask_for_export(wish=wish, schedule=locked)
    record(action="exports.schedule.run", actor=actor, target=locked, details={"run": str(run.number)})
    return run


def _lock(schedule: ScheduledExport, actor: User | None) -> ScheduledExport:
    locked = (
        ScheduledExport.objects.select_for_update(of=("self",)).select_related("owner", "candidate").get(pk=schedule.pk)
    )
    if actor and not may_change_schedule(actor, locked):
        raise DomainError("not-allowed", _("You may not change this schedule."))
    return locked


def _values(schedule: ScheduledExport, recipients: Iterable[User]) -> dict[str, Any]:
    """What of a schedule is worth a line in the audit log."""
    return {**object_values(schedule), "recipients": sorted(f"{user} ({user.pk})" for user in recipients)}
