"""Buying a plan, and the end of what was bought."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Candidate, User
from accounts.selectors import limit_to_scopes
from audit.services import record
from common.errors import DomainError
from plans.availability import AvailabilityCode
from plans.models import Plan, Subscription
from plans.selectors import availability_of, plan_not_found
from plans.services.campaigns import take_use

LONGEST_REASON = 500


@transaction.atomic
def subscribe(*, candidate: Candidate, plan_code: str, campaign_code: str = "", actor: User | None) -> Subscription:
    """Sell a plan to a candidate at its price of now, less the discount of `campaign_code` where one is given.

    Raises DomainError `candidate-not-found` (also for one outside the actor's scope), `already-subscribed`,
    `plan-not-found`, `plan-not-available` with the reason in words, and those of `take_use`.
    """
    candidate = _lock_candidate(candidate, actor)
    _refuse_second(candidate)
    plan = _hold_plan(plan_code)
    availability = availability_of(plan, candidate)
    if not availability.is_available or plan.price_rials is None:
        raise DomainError("plan-not-available", availability.message, reason=availability.code)
    price = plan.price_rials
    use = take_use(code=campaign_code, plan=plan, price_rials=price, candidate=candidate) if campaign_code else None
    saved = use.saved_rials if use else 0
    subscription = Subscription.objects.create(
        candidate=candidate,
        plan=plan,
        price_rials=price - saved,
        campaign_use=use,
        is_of_tester=availability.code == AvailabilityCode.FOR_TESTER,
    )
    details = {"candidate": candidate.code, "plan": plan.code, "price_rials": subscription.price_rials}
    if use:
        details |= {"campaign": use.campaign.code, "saved_rials": saved}
    record(action="plans.subscription.add", actor=actor, target=subscription, details=details)
    return subscription


@transaction.atomic
def end_subscription(*, subscription_id: int, reason: str, actor: User | None) -> Subscription:
    """End a subscription now; the candidate can buy again.

    Raises DomainError `subscription-not-found` (also for one outside the actor's scope), `subscription-ended`,
    `reason-missing`.
    """
    reason = _needed_reason(reason)
    subscriptions = Subscription.objects.select_related("plan")
    visible = limit_to_scopes(subscriptions, actor, candidate="candidate") if actor else subscriptions
    subscription = visible.select_for_update(of=("self",)).filter(pk=subscription_id).first()
    if subscription is None:
        raise DomainError("subscription-not-found", _("There is no such subscription."))
    if subscription.ended_at is not None:
        raise DomainError("subscription-ended", _("This subscription has ended already."))
    subscription.ended_at = timezone.now()
    subscription.save(update_fields=["ended_at"])
    details = {"reason": reason, "plan": subscription.plan.code}
    record(action="plans.subscription.end", actor=actor, target=subscription, details=details)
    return subscription


def _lock_candidate(candidate: Candidate, actor: User | None) -> Candidate:
    """The candidate as stored, locked: two purchases for one candidate wait for one another."""
    visible = limit_to_scopes(Candidate.objects.all(), actor, candidate="") if actor else Candidate.objects.all()
    locked = visible.select_for_update(no_key=True).filter(pk=candidate.pk).first()
    if locked is None:
        raise DomainError("candidate-not-found", _("There is no such candidate."))
    return locked


def _refuse_second(candidate: Candidate) -> None:
    running = Subscription.objects.select_related("plan").filter(candidate=candidate, ended_at=None).first()
    if running:
        words = _("%(candidate)s has the plan %(plan)s already. End that subscription first.")
        raise DomainError("already-subscribed", words % {"candidate": candidate.name, "plan": running.plan.name})


def _hold_plan(plan_code: str) -> Plan:
    """The plan with this code, which nobody changes until the transaction ends. Raises DomainError `plan-not-found`.

    FOR SHARE, which the ORM can't say: buyers don't wait for one another, whoever changes the plan waits for them.
    """
    found = list(Plan.objects.raw("SELECT * FROM plans_plan WHERE code = %s FOR SHARE", [plan_code]))
    if not found:
        raise plan_not_found(plan_code)
    return found[0]


def _needed_reason(reason: str) -> str:
    if not reason.strip():
        raise DomainError("reason-missing", _("Say why: it stands in the audit log."))
    return reason.strip()[:LONGEST_REASON]
