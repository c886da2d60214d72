"""Putting plans on sale and taking them off, at once or at a time."""

import datetime as dt
from functools import partial

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from audit.alarms import raise_alarm
from common.errors import DomainError
from common.jalali import format_local
from common.sanitize import sanitize_input
from plans.models import BetaTester, Plan, Stage, Step
from plans.selectors import get_plan_release_history
from plans.services.history import lock_plan, write_step

RELEASE_PERMISSION = "plans.release_plan"
LONGEST_REASON = 500
FURTHEST = dt.timedelta(days=2 * 365)
NOT_RELEASED = gettext_lazy("A plan could not go on sale at its time.")


def may_release(user: User) -> bool:
    """Whether `user` may change what is on sale."""
    return not user.is_limited_to_scopes and user.has_perm(RELEASE_PERMISSION)


@transaction.atomic
def enable_plan(*, plan_code: str, enabled_by: User | None, reason: str = "") -> Plan:
    """Put a plan on sale now. A schedule that it had is over.

    Raises DomainError `plan-not-found`, `not-allowed`, `already-on-sale`, `plan-retired`, `no-price`.
    """
    plan = lock_plan(plan_code)
    _refuse_unless_allowed(enabled_by)
    _refuse_unsellable(plan)
    return _put_on_sale(plan, Step.ENABLED, enabled_by, reason=_reason(reason))


@transaction.atomic
def disable_plan(*, plan_code: str, reason: str, actor: User | None) -> Plan:
    """Take a plan off sale, its testers included. Those who have bought it keep it.

    Raises DomainError `plan-not-found`, `not-allowed`, `reason-missing`, `not-on-sale`.
    """
    plan = lock_plan(plan_code)
    _refuse_unless_allowed(actor)
    reason = _needed_reason(reason)
    if plan.stage != Stage.AVAILABLE:
        raise DomainError("not-on-sale", _("This plan isn't on sale."))
    before, plan.stage = plan.stage, Stage.DISABLED
    write_step(plan=plan, step=Step.DISABLED, stage_before=before, actor=actor, reason=reason)
    return plan


@transaction.atomic
def schedule_plan_release(
    *, plan_code: str, release_date: dt.datetime, notes: str = "", actor: User | None, reason: str = ""
) -> Plan:
    """Have a plan go on sale at `release_date`; one that is scheduled already is moved there.

    `notes` may hold the markup of announcements; the rest is taken out. Raises DomainError `plan-not-found`,
    `not-allowed`, `already-on-sale`, `plan-retired`, `no-price`, `date-past`, `date-far` (two years),
    `date-taken` (another plan at the same instant), `text-too-long`.
    """
    plan = lock_plan(plan_code)
    _refuse_unless_allowed(actor)
    _refuse_unsellable(plan)
    _refuse_date(plan, release_date)
    before = plan.stage
    step = Step.RESCHEDULED if before == Stage.SCHEDULED else Step.SCHEDULED
    plan.stage, plan.release_scheduled_at = Stage.SCHEDULED, release_date
    plan.release_notes = str(sanitize_input(notes))
    write_step(
        plan=plan,
        step=step,
        stage_before=before,
        actor=actor,
        reason=_reason(reason),
        notes=plan.release_notes,
        scheduled_for=release_date,
    )
    return plan


@transaction.atomic
def cancel_plan_release(*, plan_code: str, reason: str, actor: User | None) -> Plan:
    """Take back a schedule; the plan is where it was before: off, open to its testers where it has any, or a draft.

    Raises DomainError `plan-not-found`, `not-allowed`, `reason-missing`, `not-scheduled`.
    """
    plan = lock_plan(plan_code)
    _refuse_unless_allowed(actor)
    reason = _needed_reason(reason)
    if plan.stage != Stage.SCHEDULED:
        raise DomainError("not-scheduled", _("This plan isn't scheduled."))
    _unschedule(plan, Step.CANCELLED, actor, reason)
    return plan


@transaction.atomic
def retire_plan(*, plan_code: str, reason: str, actor: User | None) -> Plan:
    """Take a plan out for good: nobody buys it any more, those who have it keep it, and its history stays.

    Raises DomainError `plan-not-found`, `not-allowed`, `reason-missing`, `plan-retired`.
    """
    plan = lock_plan(plan_code)
    _refuse_unless_allowed(actor)
    reason = _needed_reason(reason)
    if plan.stage == Stage.RETIRED:
        raise DomainError("plan-retired", _("This plan was retired already."))
    before, plan.stage, plan.release_scheduled_at = plan.stage, Stage.RETIRED, None
    write_step(plan=plan, step=Step.RETIRED, stage_before=before, actor=actor, reason=reason)
    return plan


def release_due_plans() -> int:
    """Put on sale what is due; gives how many were. For beat: any number of workers may call it at once.

    Each plan is judged again under its lock. One that can't go on sale loses its schedule and gets a step `failed`
    with the reason, and people are told.
    """
    due = Plan.objects.filter(stage=Stage.SCHEDULED, release_scheduled_at__lte=timezone.now())
    codes = due.order_by("release_scheduled_at").values_list("code", flat=True)
    return sum(_release(code) for code in list(codes))


@transaction.atomic
def _release(plan_code: str) -> bool:
    plan = Plan.objects.select_for_update(skip_locked=True).filter(code=plan_code, stage=Stage.SCHEDULED).first()
    if plan is None or plan.release_scheduled_at is None or plan.release_scheduled_at > timezone.now():
        return False  # another worker has it, or somebody moved it meanwhile
    planned_for = plan.release_scheduled_at
    try:
        _refuse_unsellable(plan)
    except DomainError as error:
        _unschedule(plan, Step.FAILED, None, str(error), planned_for)
        transaction.on_commit(partial(raise_alarm, f"release-failed {plan.code}", NOT_RELEASED, plan.code, str(error)))
        return False
    _put_on_sale(plan, Step.RELEASED, None, scheduled_for=planned_for)
    return True


def _put_on_sale(
    plan: Plan, step: Step, actor: User | None, *, reason: str = "", scheduled_for: dt.datetime | None = None
) -> Plan:
    before, plan.stage, plan.release_scheduled_at = plan.stage, Stage.AVAILABLE, None
    plan.enabled_at, plan.enabled_by = timezone.now(), actor
    write_step(plan=plan, step=step, stage_before=before, actor=actor, reason=reason, scheduled_for=scheduled_for)
    return plan


def _unschedule(
    plan: Plan, step: Step, actor: User | None, reason: str, scheduled_for: dt.datetime | None = None
) -> None:
    before, plan.release_scheduled_at = plan.stage, None
    plan.stage = _stage_without_schedule(plan)
    write_step(plan=plan, step=step, stage_before=before, actor=actor, reason=reason, scheduled_for=scheduled_for)


def _stage_without_schedule(plan: Plan) -> Stage:
    scheduled = get_plan_release_history(plan.code).filter(step=Step.SCHEDULED)
    if scheduled.values_list("stage_before", flat=True).first() == Stage.DISABLED:
        return Stage.DISABLED
    return Stage.BETA if BetaTester.objects.filter(plan=plan, left_at=None).exists() else Stage.DRAFT


def _refuse_unless_allowed(actor: User | None) -> None:
    if actor and not may_release(actor):
        raise DomainError("not-allowed", _("You may not change what is on sale."))


def _refuse_unsellable(plan: Plan) -> None:
    if plan.stage == Stage.AVAILABLE:
        raise DomainError("already-on-sale", _("This plan is on sale already."))
    if plan.stage == Stage.RETIRED:
        raise DomainError("plan-retired", _("This plan was retired. Make a new one."))
    if plan.price_rials is None:
        raise DomainError("no-price", _("This plan has no price yet. Give it one first."))


def _refuse_date(plan: Plan, moment: dt.datetime) -> None:
    if moment <= timezone.now():
        raise DomainError("date-past", _("This time has passed. Choose a later one, or put the plan on sale now."))
    if moment > timezone.now() + FURTHEST:
        raise DomainError("date-far", _("This time is more than two years away. Is the year right?"))
    other = Plan.objects.filter(stage=Stage.SCHEDULED, release_scheduled_at=moment).exclude(pk=plan.pk).first()
    if other:
        words = _("%(plan)s goes on sale at the same instant, %(time)s. Choose another minute.")
        shown = {"plan": other.name, "time": format_local(moment)}
        raise DomainError("date-taken", words % shown, plan_code=other.code)


def _reason(reason: str) -> str:
    return reason.strip()[:LONGEST_REASON]


def _needed_reason(reason: str) -> str:
    if not reason.strip():
        raise DomainError("reason-missing", _("Say why: it stands in the plan's history."))
    return _reason(reason)
