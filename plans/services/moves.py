"""Moving everybody from one plan to another, and back.

Who is moved keeps the subscription with its number, its price and the day it was bought; only the plan changes, and
with it what they may use, at once. No money moves. Who buys the old plan after the move has begun is not part of it.

A new plan that is retired or loses its price while the move waits or runs stops it: all who have not been moved yet
fail with that reason. An undoing takes people back to a plan that they had, also to one that was retired meanwhile.
"""

import datetime as dt
from dataclasses import dataclass

from constance import config
from django.db import transaction
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from common.errors import DomainError
from common.jalali import format_local
from plans.models import Plan, Stage, SubscriberMove, Subscription
from plans.moving import BACK, THERE, Progress, lock_move, run_parts, take_subscribers
from plans.selectors import find_plan

MOVE_PERMISSION = "plans.move_subscribers"
LONGEST_REASON = 500
FIRST_SHOWN = 20
# Many times what a part needs. Whoever goes on with a move that only was slow does no harm.
STANDSTILL = dt.timedelta(minutes=2)

State = SubscriberMove.State


@dataclass(frozen=True)
class MovePreview:
    """What a move would do. The difference is what the new plan costs more, in rials; negative where it costs less.

    It is None where the old plan has no price.
    """

    old_plan: Plan
    new_plan: Plan
    subscribers: int
    price_difference_rials: int | None
    first: list[Subscription]
    old_plan_is_on_sale: bool

    @property
    def signed_price_difference(self) -> str:
        """The difference with its sign, as people write it; nothing where it isn't known."""
        if self.price_difference_rials is None:
            return ""
        sign = "+" if self.price_difference_rials > 0 else ""
        return sign + number_format(self.price_difference_rials, force_grouping=True)


def preview_move(*, old_code: str, new_code: str) -> MovePreview:
    """What a move would do if it were begun now, with the first of those who would be moved; nothing is changed.

    Raises DomainError as `queue_move` does.
    """
    old, new = _plans(old_code, new_code)
    subscribers = Subscription.objects.filter(plan=old, ended_at=None)
    known = old.price_rials is not None and new.price_rials is not None
    return MovePreview(
        old_plan=old,
        new_plan=new,
        subscribers=subscribers.count(),
        price_difference_rials=(new.price_rials or 0) - (old.price_rials or 0) if known else None,
        first=list(subscribers.select_related("candidate").order_by("pk")[:FIRST_SHOWN]),
        old_plan_is_on_sale=old.is_available_for_purchase,
    )


@transaction.atomic
def queue_move(*, old_code: str, new_code: str, reason: str, actor: User | None) -> SubscriberMove:
    """A move that is written down and not begun: `resume_move` runs it.

    Raises DomainError `plan-not-found`, `same-plan`, `plan-retired` (the new one; a retired one may be left),
    `no-price`, `reason-missing`, `not-allowed`.
    """
    _refuse_unless_allowed(actor)
    reason = _needed_reason(reason)
    old, new = _plans(old_code, new_code)
    move = SubscriberMove.objects.create(old_plan=old, new_plan=new, reason=reason, actor=actor)
    details = {"old_plan": old.code, "new_plan": new.code, "reason": reason}
    record(action="plans.subscriber_move.start", actor=actor, target=move, details=details)
    return move


def migrate_users_to_new_plan(
    *, old_code: str, new_code: str, reason: str, actor: User | None, on_progress: Progress | None = None
) -> SubscriberMove:
    """Move everybody who has the old plan to the new one, in parts; gives the finished move with its counts.

    It must not be called in a transaction. Where it is stopped, `resume_move` goes on. `on_progress` gets how many
    subscribers have been through and how many there are. Raises DomainError as `queue_move` does.
    """
    move = queue_move(old_code=old_code, new_code=new_code, reason=reason, actor=actor)
    return _run(move, on_progress)


def resume_move(*, move_id: int, on_progress: Progress | None = None) -> SubscriberMove:
    """Begin a move that waits, or go on with one, or with its undoing, that was stopped; gives it finished.

    Any number of workers may call it for the same move. Raises DomainError `move-not-found`, `move-finished`.
    """
    move = find_move(move_id)
    if move.state in (State.DONE, State.UNDONE):
        raise DomainError("move-finished", _("This move has finished already. There is nothing left to do."))
    return _run(move, on_progress)


def moves_at_a_standstill() -> list[int]:
    """The numbers of the moves that aren't at their end and have made no progress for `STANDSTILL`."""
    since = timezone.now() - STANDSTILL
    return list(
        SubscriberMove.objects.filter(
            state__in=[State.QUEUED, State.RUNNING, State.UNDOING], progressed_at__lt=since
        ).values_list("pk", flat=True)
    )


def undo_move(*, move_id: int, reason: str, actor: User | None, on_progress: Progress | None = None) -> SubscriberMove:
    """Move everybody back who is on the new plan because of this move; gives the move with its counts.

    Who has left since, or was in a later move, stays where they are. Raises DomainError as `queue_undo` does.
    """
    return _run(queue_undo(move_id=move_id, reason=reason, actor=actor), on_progress)


@transaction.atomic
def queue_undo(*, move_id: int, reason: str, actor: User | None) -> SubscriberMove:
    """The move, marked to be undone and not begun: `resume_move` runs it.

    Raises DomainError `move-not-found`, `move-not-done`, `too-late-to-undo`, `reason-missing`, `not-allowed`.
    """
    _refuse_unless_allowed(actor)
    reason = _needed_reason(reason)
    move = lock_move(move_id)
    if move is None:
        raise _move_not_found(move_id)
    if move.state != State.DONE:
        raise DomainError("move-not-done", _("Only a move that is done, and not undone, can be undone."))
    if move.undo_until is None or timezone.now() >= move.undo_until:
        until = {"time": format_local(move.undo_until) if move.undo_until else "–"}
        raise DomainError("too-late-to-undo", _("This move could be undone until %(time)s Tehran time.") % until)
    move.state, move.progressed_at = State.UNDOING, timezone.now()
    move.save(update_fields=["state", "progressed_at"])
    record(action="plans.subscriber_move.undo", actor=actor, target=move, details={"reason": reason})
    return move


def find_move(move_id: int) -> SubscriberMove:
    """The move of this number, with its plans. Raises DomainError `move-not-found`."""
    move = SubscriberMove.objects.select_related("old_plan", "new_plan", "actor").filter(pk=move_id).first()
    if move is None:
        raise _move_not_found(move_id)
    return move


def _run(move: SubscriberMove, on_progress: Progress | None) -> SubscriberMove:
    take_subscribers(move.pk)
    run_parts(move.pk, THERE, finish=_finish, on_progress=on_progress)
    run_parts(move.pk, BACK, finish=_finish_undo, on_progress=on_progress)
    return find_move(move.pk)


def _finish(move: SubscriberMove) -> None:
    move.state, move.finished_at = State.DONE, timezone.now()
    move.undo_until = move.finished_at + dt.timedelta(hours=config.MOVE_UNDO_HOURS)
    move.save(update_fields=["state", "finished_at", "undo_until"])
    counts = {name: getattr(move, name) for name in ("before_count", "moved_count", "skipped_count", "failed_count")}
    record(action="plans.subscriber_move.finish", actor=move.actor, target=move, details=counts)


def _finish_undo(move: SubscriberMove) -> None:
    move.state, move.undone_at = State.UNDONE, timezone.now()
    move.save(update_fields=["state", "undone_at"])
    counts = {name: getattr(move, name) for name in ("moved_count", "returned_count", "kept_count")}
    record(action="plans.subscriber_move.undone", actor=None, target=move, details=counts)


def _plans(old_code: str, new_code: str) -> tuple[Plan, Plan]:
    old, new = find_plan(old_code), find_plan(new_code)
    if old == new:
        raise DomainError("same-plan", _("The old and the new plan are the same."))
    if new.stage == Stage.RETIRED:
        raise DomainError("plan-retired", _("The new plan was retired. Nobody can be moved there."))
    if new.price_rials is None:
        raise DomainError("no-price", _("The new plan has no price yet. Give it one first."))
    return old, new


def _needed_reason(reason: str) -> str:
    if not reason.strip():
        raise DomainError("reason-missing", _("Say why: it stands with the move and in the audit log."))
    return reason.strip()[:LONGEST_REASON]


def _refuse_unless_allowed(actor: User | None) -> None:
    if actor and (actor.is_limited_to_scopes or not actor.has_perm(MOVE_PERMISSION)):
        raise DomainError("not-allowed", _("You may not move subscribers to another plan."))


def _move_not_found(move_id: int) -> DomainError:
    return DomainError("move-not-found", _("There is no move with the number %(number)s.") % {"number": move_id})
