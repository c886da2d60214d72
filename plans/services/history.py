"""The one way a plan changes its stage: locked, with a row of history and of the audit log."""

import datetime as dt

from accounts.models import User
from audit.services import record
from common.text import clean_text
from plans.models import Plan, PlanReleaseHistory, Stage, Step
from plans.selectors import plan_not_found

LONGEST_LABEL = 200


def lock_plan(plan_code: str) -> Plan:
    """The plan with this code, locked until the transaction ends. Raises DomainError `plan-not-found`."""
    plan = Plan.objects.select_for_update().filter(code=plan_code).first()
    if plan is None:
        raise plan_not_found(plan_code)
    return plan


def write_step(
    *,
    plan: Plan,
    step: Step,
    stage_before: str,
    actor: User | None,
    reason: str = "",
    notes: str = "",
    scheduled_for: dt.datetime | None = None,
) -> PlanReleaseHistory:
    """Save `plan` as it is now, and write down how it came there; a transaction must be open and the plan locked.

    `stage_before` is the stage that the plan had; the one it has now is told as `stage_after`.
    """
    plan.is_available_for_purchase = plan.stage == Stage.AVAILABLE
    plan.save()
    row = PlanReleaseHistory.objects.create(
        plan_code=plan.code,
        step=step,
        stage_before=stage_before,
        stage_after=plan.stage,
        actor_id=actor.pk if actor else None,
        actor_label=clean_text(str(actor), LONGEST_LABEL) if actor else "",
        reason=reason,
        notes=notes,
        scheduled_for=scheduled_for,
    )
    details = {"before": stage_before, "after": str(plan.stage), "reason": reason}
    if scheduled_for:
        details["scheduled_for"] = scheduled_for.isoformat()
    record(action=f"plans.plan.{step}", actor=actor, target=plan, details=details)
    return row
