"""Buying a plan, with and without a discount."""

import pytest

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff
from audit.models import AuditLog
from common.errors import DomainError
from plans.models import BetaTester, CampaignUse, Stage, Subscription
from plans.services import disable_plan, end_subscription, subscribe
from plans.testing import make_campaign, make_plan

pytestmark = pytest.mark.django_db


def refusal(**arguments) -> DomainError:
    """What `subscribe` raises; nothing may have been written."""
    before = Subscription.objects.count(), CampaignUse.objects.count(), AuditLog.objects.count()
    with pytest.raises(DomainError) as refused:
        subscribe(**{"actor": None, **arguments})
    assert (Subscription.objects.count(), CampaignUse.objects.count(), AuditLog.objects.count()) == before
    return refused.value


def test_a_purchase_keeps_the_price_of_its_day():
    owner, plan = make_staff(Role.OWNER), make_plan(price_rials=1_000_000)

    subscription = subscribe(candidate=make_candidate("sara"), plan_code="basic", actor=owner)
    plan.price_rials = 2_000_000
    plan.save()

    subscription.refresh_from_db()
    assert (subscription.price_rials, subscription.is_of_tester, subscription.ended_at) == (1_000_000, False, None)
    row = AuditLog.objects.get(action="plans.subscription.add")
    assert row.actor_id == owner.pk
    assert row.details == {"candidate": "sara", "plan": "basic", "price_rials": 1_000_000}


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage != Stage.AVAILABLE])
def test_what_is_not_on_sale_is_refused_with_its_reason(stage):
    make_plan(stage=stage)
    refused = refusal(candidate=make_candidate(), plan_code="basic")
    assert refused.code == "plan-not-available"
    assert refused.extra["reason"]
    assert str(refused)


def test_the_reason_for_which_a_plan_was_taken_off_sale_is_told():
    make_plan()
    disable_plan(plan_code="basic", reason="Prices are being revised", actor=None)
    assert "Prices are being revised" in str(refusal(candidate=make_candidate(), plan_code="basic"))


def test_a_plan_without_a_price_is_refused():
    make_plan(price_rials=None)
    assert refusal(candidate=make_candidate(), plan_code="basic").code == "plan-not-available"


def test_an_unknown_plan_is_refused():
    assert refusal(candidate=make_candidate(), plan_code="nothing").code == "plan-not-found"


def test_a_tester_buys_before_the_release_and_is_marked_as_one():
    plan, tester = make_plan(stage=Stage.BETA), make_candidate()
    BetaTester.objects.create(plan=plan, candidate=tester)

    assert subscribe(candidate=tester, plan_code="basic", actor=None).is_of_tester
    assert refusal(candidate=make_candidate(), plan_code="basic").extra["reason"] == "testers-only"


def test_a_second_running_subscription_is_refused_in_words():
    make_plan(), make_plan("gold")
    candidate = make_candidate(name="Sara")
    subscribe(candidate=candidate, plan_code="basic", actor=None)

    refused = refusal(candidate=candidate, plan_code="gold")

    assert refused.code == "already-subscribed"
    assert "Sara" in str(refused)


def test_after_the_end_of_one_another_can_be_bought():
    make_plan(), make_plan("gold")
    candidate = make_candidate()
    first = subscribe(candidate=candidate, plan_code="basic", actor=None)

    end_subscription(subscription_id=first.pk, reason=" Wants gold ", actor=None)
    subscribe(candidate=candidate, plan_code="gold", actor=None)

    first.refresh_from_db()
    assert first.ended_at is not None
    row = AuditLog.objects.get(action="plans.subscription.end")
    assert row.details == {"reason": "Wants gold", "plan": "basic"}


def test_an_end_needs_a_reason_and_a_running_subscription():
    make_plan()
    subscription = subscribe(candidate=make_candidate(), plan_code="basic", actor=None)
    codes = []
    for number, reason in [(subscription.pk, " "), (subscription.pk, "x"), (subscription.pk, "x"), (10**12, "x")]:
        try:
            end_subscription(subscription_id=number, reason=reason, actor=None)
        except DomainError as refused:
            codes.append(refused.code)
        else:
            codes.append("ended")
    assert codes == ["reason-missing", "ended", "subscription-ended", "subscription-not-found"]


def test_limited_staff_sell_to_and_end_for_their_candidates_only():
    make_plan()
    own, other = make_candidate(), make_candidate()
    limited = make_staff(Role.OWNER, candidates=[own])
    subscription = subscribe(candidate=other, plan_code="basic", actor=None)

    assert refusal(candidate=make_candidate(), plan_code="basic", actor=limited).code == "candidate-not-found"
    with pytest.raises(DomainError) as refused:
        end_subscription(subscription_id=subscription.pk, reason="x", actor=limited)
    assert refused.value.code == "subscription-not-found"
    assert subscribe(candidate=own, plan_code="basic", actor=limited).candidate == own


def test_a_discount_lowers_the_price_and_leaves_what_it_saved():
    plan = make_plan(price_rials=1_000_000)
    campaign = make_campaign(plan, code="Nowruz-1405", kind="percent", value=20)

    subscription = subscribe(candidate=make_candidate(), plan_code="basic", campaign_code="nowruz ۱۴۰۵", actor=None)

    assert subscription.price_rials == 800_000
    assert CampaignUse.objects.get(subscription=subscription).saved_rials == 200_000
    campaign.refresh_from_db()
    assert campaign.use_count == 1
    row = AuditLog.objects.get(action="plans.subscription.add")
    assert (row.details["campaign"], row.details["saved_rials"]) == ("Nowruz-1405", 200_000)


def test_a_discount_larger_than_the_price_makes_it_free():
    campaign = make_campaign(make_plan(price_rials=1_000_000), kind="amount", value=5_000_000)
    subscription = subscribe(
        candidate=make_candidate(), plan_code="basic", campaign_code=campaign.code_key.upper(), actor=None
    )
    assert (subscription.price_rials, CampaignUse.objects.get().saved_rials) == (0, 1_000_000)
