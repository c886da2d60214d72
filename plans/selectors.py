"""What can be bought, by whom, and how it came about."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import Candidate
from common.errors import DomainError
from plans.availability import Availability, judge_availability
from plans.models import BetaTester, Plan, PlanReleaseHistory, Stage, Step


def find_plan(plan_code: str) -> Plan:
    """The plan with this code. Raises DomainError `plan-not-found`."""
    plan = Plan.objects.filter(code=plan_code).first()
    if plan is None:
        raise plan_not_found(plan_code)
    return plan


def plan_not_found(plan_code: str) -> DomainError:
    """What is raised for a code that no plan has."""
    return DomainError("plan-not-found", _("There is no plan with the code %(code)s.") % {"code": plan_code})


def is_tester_of(plan: Plan, candidate: Candidate | None) -> bool:
    """Whether `candidate` tests `plan` at present."""
    return candidate is not None and BetaTester.objects.filter(plan=plan, candidate=candidate, left_at=None).exists()


def availability_of(plan: Plan, candidate: Candidate | None = None) -> Availability:
    """Whether `candidate`, or with None anybody, can buy `plan` now, with the reason."""
    reason = last_reason(plan.code, Step.DISABLED) if plan.stage == Stage.DISABLED else ""
    return judge_availability(plan, is_tester=is_tester_of(plan, candidate), disabled_because=reason)


def check_plan_availability(plan_code: str, candidate: Candidate | None = None) -> Availability:
    """As `availability_of`, by the plan's code. Raises DomainError `plan-not-found`."""
    return availability_of(find_plan(plan_code), candidate)


def get_available_plans(*, for_purchase: bool = True, candidate: Candidate | None = None) -> list[Plan]:
    """The plans that `candidate`, or with None anybody, can buy now, cheapest first.

    Without `for_purchase` all that aren't retired: what the company offers or is going to.
    """
    plans = Plan.objects.exclude(stage=Stage.RETIRED)
    if not for_purchase:
        return list(plans)
    on_sale = plans.filter(stage=Stage.AVAILABLE, price_rials__isnull=False)
    if candidate is not None:
        tested = BetaTester.objects.filter(candidate=candidate, left_at=None).values("plan")
        early = plans.filter(pk__in=tested, price_rials__isnull=False).exclude(stage=Stage.DISABLED)
        return list((on_sale | early).distinct())
    return list(on_sale)


def get_plan_release_history(plan_code: str) -> QuerySet[PlanReleaseHistory]:
    """Every step of the plan, newest first; also of one that is gone."""
    return PlanReleaseHistory.objects.filter(plan_code=plan_code)


def last_reason(plan_code: str, step: Step) -> str:
    """The reason that was given the last time that `step` happened to the plan; empty if it never did."""
    return get_plan_release_history(plan_code).filter(step=step).values_list("reason", flat=True).first() or ""
