"""How a step of a release track stands now, and what an approval of it is bound to."""

import datetime as dt

from common import crypto
from plans import guards
from plans.guards import Reading
from plans.models import BetaFeedback, Plan, ReleaseTrack, ReleaseTrackStep, Stage, StepApproval
from plans.services.release import may_release


def next_step(track: ReleaseTrack) -> ReleaseTrackStep | None:
    """The first step that isn't taken; None when all are, or there are none."""
    return track.steps.exclude(state=ReleaseTrackStep.State.TAKEN).select_related("plan").order_by("position").first()


def step_before(step: ReleaseTrackStep) -> ReleaseTrackStep | None:
    """The step that comes right before this one; None for the first."""
    earlier = ReleaseTrackStep.objects.filter(track=step.track_id, position__lt=step.position)
    return earlier.select_related("plan").order_by("-position").first()


def judge_step(step: ReleaseTrackStep, *, now: dt.datetime, alerts: tuple[str, ...] | None) -> list[Reading]:
    """What each guard of a step says now; `alerts` as of `common.active_alerts`.

    The first step waits for nothing and has no plan before it, so only alerts and the second person can hold it.
    """
    readings = []
    previous = step_before(step)
    if previous:
        readings.append(guards.has_waited(now=now, since=previous.taken_at, days=step.waiting_days))
        readings.append(guards.is_still_on_sale(previous.plan.stage == Stage.AVAILABLE))
        if step.purchases_at_least:
            readings.append(guards.was_bought(_purchases(previous.plan), at_least=step.purchases_at_least))
        if step.problems_at_most is not None:
            readings.append(guards.has_few_problems(_open_problems(previous.plan), at_most=step.problems_at_most))
    if step.is_held_by_alert:
        readings.append(guards.is_quiet(alerts))
    if step.needs_second_person:
        readings.append(guards.has_approval(standing_approval(step) is not None))
    return readings


def content_hash(step: ReleaseTrackStep) -> str:
    """SHA-256 in hex of all that somebody who approves a step agrees to; it changes when any of it does."""
    previous = step_before(step)
    content = {
        "track": step.track_id,
        "position": step.position,
        "plan": step.plan.code,
        "price_rials": step.plan.price_rials,
        "entitlements": step.plan.entitlements,
        "previous_plan": previous.plan.code if previous else None,
        "waiting_days": step.waiting_days,
        "purchases_at_least": step.purchases_at_least,
        "problems_at_most": step.problems_at_most,
        "is_held_by_alert": step.is_held_by_alert,
        "needs_second_person": step.needs_second_person,
    }
    return crypto.content_hash(content)


def standing_approval(step: ReleaseTrackStep) -> StepApproval | None:
    """The approval of the step as it is now, by somebody who isn't its author and may still release plans."""
    given = step.approvals.filter(ended_at=None, content_hash=content_hash(step)).select_related("approved_by")
    for approval in given:
        approver = approval.approved_by
        if approver and approver.pk != step.written_by_id and may_release(approver):
            return approval
    return None


def _purchases(plan: Plan) -> int | None:
    """How often it was bought since it went on sale; None where that isn't known."""
    if plan.stage != Stage.AVAILABLE or plan.enabled_at is None:
        return None
    return plan.purchases.filter(started_at__gte=plan.enabled_at).count()


def _open_problems(plan: Plan) -> int:
    kind = BetaFeedback.Kind.TECHNICAL_PROBLEM
    return BetaFeedback.objects.filter(plan=plan, kind=kind, closed_at=None).count()
