"""Beginning what is due. Any number of workers may do so at once, and beat may have been away or be there twice."""

import logging

from celery.exceptions import SoftTimeLimitExceeded
from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from audit.services import record
from common.errors import DomainError
from exports.models import DataExportLog, ScheduledExport
from exports.schedules.rights import why_not, wish_of_schedule
from exports.schedules.timing import Occasion, occasion, timing_of
from exports.services.runs import ask_for_export
from exports.services.schedule_outcomes import note_failure

logger = logging.getLogger(__name__)

State = DataExportLog.State


def make_due_exports() -> int:
    """Begin a run of each schedule whose time has come; returns how many began. For beat.

    Where several moments of a schedule have passed, one run makes up for all. A schedule whose run can't begin, because
    somebody lost a right or an earlier run is still under way, counts that as a failure.
    """
    due = ScheduledExport.objects.filter(is_active=True, next_due_at__lte=timezone.now())
    numbers = list(due.order_by("next_due_at", "pk").values_list("pk", flat=True))
    return sum(_make_due(number) for number in numbers)


def refuse_standing_run(schedule: ScheduledExport) -> None:
    """Runs of one schedule never pile up. Raises DomainError `still-under-way`."""
    if schedule.runs.filter(state__in=[State.AWAITING_APPROVAL, *DataExportLog.UNDER_WAY]).exists():
        raise DomainError("still-under-way", _("The run before it hasn't come to its end."))


def refuse_owner_gone(schedule: ScheduledExport) -> None:
    """A schedule doesn't outlive its owner's time here. Raises DomainError `owner-gone`."""
    if not schedule.owner.is_active:
        words = _(
            "%(owner)s, to whom this schedule belongs, may not sign in any more. Make a new schedule in its place."
        )
        raise DomainError("owner-gone", words % {"owner": schedule.owner})


@transaction.atomic
def _make_due(number: int) -> bool:
    """Begin the run of one schedule and move the schedule on, in one transaction."""
    now = timezone.now()
    still_due = ScheduledExport.objects.filter(pk=number, is_active=True, next_due_at__lte=now)
    locked = still_due.select_for_update(skip_locked=True, of=("self",)).select_related("owner", "candidate").first()
    if locked is None or locked.next_due_at is None:
        return False  # another worker has it, or it was moved or stopped meanwhile
    found = occasion(timing_of(locked), locked.next_due_at, now)
    locked.last_due_at, locked.next_due_at = found.due_at, found.next_due_at
    with override(locked.language):
        if found.missed:
            details = {"due_at": found.due_at, "missed": found.missed}
            record(action="exports.schedule.caught_up", actor=None, target=locked, details=details)
        has_begun = _begin(locked, found)
        if locked.is_active and found.next_due_at is None:
            _end_for_good(locked)
    locked.save()
    return has_begun


def _begin(schedule: ScheduledExport, found: Occasion) -> bool:
    try:
        with transaction.atomic():
            _ask(schedule, found)
    except DomainError as error:
        note_failure(schedule, str(error))
        return False
    except (DatabaseError, SoftTimeLimitExceeded):
        raise  # not the schedule's fault: it is still due when beat asks again
    except Exception:
        # One schedule that can't even be judged must not keep the others from running, nor be tried for ever.
        logger.exception("The scheduled export %s could not begin", schedule.pk)
        note_failure(schedule, _("Something went wrong that nobody expected."))
        return False
    return True


def _ask(schedule: ScheduledExport, found: Occasion) -> None:
    refuse_owner_gone(schedule)
    refuse_standing_run(schedule)
    wish = wish_of_schedule(schedule)
    if all(why_not(wish, user) for user in schedule.recipients.all()):
        raise DomainError("no-recipients", _("None of its recipients may have this export any more."))
    ask_for_export(wish=wish, schedule=schedule, due_at=found.due_at)


def _end_for_good(schedule: ScheduledExport) -> None:
    schedule.is_active = False
    schedule.stopped_reason = _("Its rule has come to its end.")
    record(action="exports.schedule.finish", actor=None, target=schedule)
