"""Buying a plan, and the end of what was bought."""

from django.db import transaction
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from accounts.models import Candidate, User
from accounts.selectors import limit_to_scopes
from audit.services import record
from common.errors import DomainError
from plans.models import Plan, Subscription
from plans.quotes import Quote, make_quote
from plans.selectors import plan_not_found
from plans.services.campaigns import lock_campaign, take_use
from plans.signals import tell_of_subscription

SELL_PERMISSION, END_PERMISSION = "plans.add_subscription", "plans.change_subscription"
LONGEST_REASON = 500


@transaction.atomic
def subscribe(
    *,
    candidate: Candidate,
    plan_code: str,
    campaign_code: str = "",
    agreed_price_rials: int | None = None,
    actor: User | None,
) -> Subscription:
    """Sell a plan to a candidate at its price of now, less the discount of `campaign_code` where one is given.

    Where `agreed_price_rials` says what the buyer has been told, it is sold for that or not at all. Raises DomainError
    `not-allowed`, `candidate-not-found` (also for one outside the actor's scope), `plan-not-found`, `price-changed`,
    and those of `make_quote`.
    """
    if actor and not actor.has_perm(SELL_PERMISSION):
        raise DomainError("not-allowed", _("You may not sell plans."))
    candidate = _lock_candidate(candidate, actor)
    plan = _hold_plan(plan_code)
    campaign = lock_campaign(campaign_code) if campaign_code else None
    quote = make_quote(candidate, plan, campaign, campaign_code)
    _refuse_other_price(quote, agreed_price_rials)
    subscription = Subscription.objects.create(
        candidate=candidate,
        plan=plan,
        price_rials=quote.to_pay_rials,
        campaign_use=take_use(campaign=campaign, quote=quote, candidate=candidate) if campaign else None,
        is_of_tester=quote.is_of_tester,
    )
    details = {"candidate": candidate.code, "plan": plan.code, "price_rials": subscription.price_rials}
    if campaign:
        details |= {"campaign": campaign.code, "saved_rials": quote.saved_rials}
    record(action="plans.subscription.add", actor=actor, target=subscription, details=details)
    tell_of_subscription(candidate.pk)
    return subscription


@transaction.atomic
def end_subscription(*, subscription_id: int, reason: str, actor: User | None) -> Subscription:
    """End a subscription now; the candidate can buy again.

    Raises DomainError `not-allowed`, `subscription-not-found` (also for one outside the actor's scope),
    `subscription-ended`, `reason-missing`.
    """
    if actor and not actor.has_perm(END_PERMISSION):
        raise DomainError("not-allowed", _("You may not end subscriptions."))
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
    tell_of_subscription(subscription.candidate_id)
    return subscription


def _lock_candidate(candidate: Candidate, actor: User | None) -> Candidate:
    """The candidate as stored, locked: two purchases for one candidate wait for one another."""
    visible = limit_to_scopes(Candidate.objects.all(), actor, candidate="") if actor else Candidate.objects.all()
    locked = visible.select_for_update(no_key=True).filter(pk=candidate.pk).first()
    if locked is None:
        raise DomainError("candidate-not-found", _("There is no such candidate."))
    return locked


def _refuse_other_price(quote: Quote, agreed_rials: int | None) -> None:
    if agreed_rials in (None, quote.to_pay_rials):
        return
    words = _("The price has changed: it is %(now)s rials now, not %(before)s. Nothing was sold; look at it again.")
    prices = {"now": quote.to_pay_rials, "before": agreed_rials}
    told = {name: number_format(price, force_grouping=True) for name, price in prices.items()}
    raise DomainError("price-changed", words % told)


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
