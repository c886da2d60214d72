"""What a purchase would cost now, or why it can't be: asked before the sale, and decided again under its locks."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Candidate
from common.errors import DomainError
from common.jalali import format_local
from plans.availability import AvailabilityCode
from plans.discounts import CampaignState, campaign_state, code_key, discounted_price
from plans.models import DiscountCampaign, Plan, Subscription
from plans.selectors import availability_of, find_plan


@dataclass(frozen=True)
class Quote:
    """The price of a plan for one candidate, in rials, and what a discount takes off it."""

    plan: Plan
    price_rials: int
    saved_rials: int
    is_of_tester: bool

    @property
    def to_pay_rials(self) -> int:
        return self.price_rials - self.saved_rials


def quote_subscription(*, candidate: Candidate, plan_code: str, campaign_code: str = "") -> Quote:
    """What `subscribe` would ask for now; nothing is locked or used. Raises DomainError as `subscribe` does."""
    campaigns = DiscountCampaign.objects.filter(code_key=code_key(campaign_code))
    plan = find_plan(plan_code)
    return make_quote(candidate, plan, campaigns.first(), campaign_code)


def make_quote(candidate: Candidate, plan: Plan, campaign: DiscountCampaign | None, campaign_code: str) -> Quote:
    """The price from rows that the caller has read, and locked where it sells. `campaign` is whose code it is, if any.

    Raises DomainError `already-subscribed`, `plan-not-available` with the reason in words, `campaign-unknown`,
    `campaign-not-running`, `campaign-other-plan`, `campaign-used-by-candidate`.
    """
    _refuse_second(candidate)
    availability = availability_of(plan, candidate)
    if not availability.is_available or plan.price_rials is None:
        raise DomainError("plan-not-available", availability.message, reason=availability.code)
    price, to_pay = plan.price_rials, plan.price_rials
    if campaign_code:
        campaign = _usable(campaign, plan, candidate)
        to_pay = discounted_price(price_rials=price, kind=campaign.kind, value=campaign.value)
    return Quote(plan, price, price - to_pay, is_of_tester=availability.code == AvailabilityCode.FOR_TESTER)


def _refuse_second(candidate: Candidate) -> None:
    running = running_subscription(candidate)
    if running:
        words = _("%(candidate)s has the plan %(plan)s already. End that subscription first.")
        raise DomainError("already-subscribed", words % {"candidate": candidate.name, "plan": running.plan.name})


def running_subscription(candidate: Candidate) -> Subscription | None:
    """What the candidate has at present."""
    return Subscription.objects.select_related("plan").filter(candidate=candidate, ended_at=None).first()


def _usable(campaign: DiscountCampaign | None, plan: Plan, candidate: Candidate) -> DiscountCampaign:
    if campaign is None:
        raise DomainError("campaign-unknown", _("There is no discount with this code."))
    _refuse_unless_running(campaign)
    if not campaign.plans.filter(pk=plan.pk).exists():
        raise DomainError("campaign-other-plan", _("This discount isn't for this plan."))
    if campaign.uses.filter(candidate=candidate).count() >= campaign.uses_per_candidate:
        raise DomainError("campaign-used-by-candidate", _("This candidate has used this discount as often as allowed."))
    return campaign


def _refuse_unless_running(campaign: DiscountCampaign) -> None:
    state = campaign_state(campaign, timezone.now())
    if state == CampaignState.RUNNING:
        return
    words = {
        CampaignState.OFF: _("This discount has been switched off."),
        CampaignState.OVER: _("This discount is over since %(time)s."),
        CampaignState.USED_UP: _("This discount has been used up."),
        CampaignState.TO_COME: _("This discount begins at %(time)s."),
    }
    moment = campaign.starts_at if state == CampaignState.TO_COME else campaign.ends_at
    raise DomainError("campaign-not-running", words[state] % {"time": format_local(moment)}, state=state)
