"""Making discount campaigns, switching them, and which purchases they refuse."""

import datetime as dt

import pytest
import time_machine

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff
from audit.models import AuditLog
from common.errors import DomainError
from plans.models import CampaignUse, DiscountCampaign, Subscription
from plans.services import end_subscription, subscribe, toggle_campaign
from plans.testing import ONE_DAY, make_campaign, make_plan

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def plan():
    return make_plan()


def buy(code: str, candidate=None) -> Subscription:
    return subscribe(candidate=candidate or make_candidate(), plan_code="basic", campaign_code=code, actor=None)


def refusal(code: str, candidate=None) -> DomainError:
    """What a purchase with this code raises; nothing may have been bought or used."""
    before = Subscription.objects.count(), CampaignUse.objects.count()
    with pytest.raises(DomainError) as refused:
        buy(code, candidate)
    assert (Subscription.objects.count(), CampaignUse.objects.count()) == before
    return refused.value


def test_a_new_campaign_is_on_and_audited(plan):
    owner = make_staff(Role.OWNER)
    campaign = make_campaign(plan, code=" Nowruz-۱۴۰۵ ")
    assert (campaign.is_active, campaign.code, campaign.code_key) == (True, "Nowruz-۱۴۰۵", "nowruz1405")
    assert list(campaign.plans.all()) == [plan]
    assert AuditLog.objects.get(action="plans.discount_campaign.add").details["plans"] == ["basic"]

    toggle_campaign(campaign_id=campaign.pk, reason="Too many", actor=owner)
    toggle_campaign(campaign_id=campaign.pk, actor=owner)
    rows = AuditLog.objects.filter(actor_id=owner.pk).order_by("pk")
    assert [(row.action, row.details["reason"]) for row in rows] == [
        ("plans.discount_campaign.disable", "Too many"),
        ("plans.discount_campaign.enable", ""),
    ]


def test_switching_to_what_it_is_already_changes_and_records_nothing(plan):
    campaign = make_campaign(plan)
    assert toggle_campaign(campaign_id=campaign.pk, is_active=True, actor=None).is_active
    assert not AuditLog.objects.filter(action="plans.discount_campaign.enable").exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"value": 0}, "value"),
        ({"value": 101}, "value"),
        ({"value": 0, "kind": "amount"}, "value"),
        ({"value": -5, "kind": "amount"}, "value"),
        ({"value": 10**30, "kind": "amount"}, "value"),
        ({"kind": "gift"}, "kind"),
        ({"code": "--"}, "code"),
        ({"code": "a-1"}, "code"),
        ({"code": "x" * 41}, "code"),
        ({"code": "\ufdfa" * 10}, "code"),
        ({"name": ""}, "name"),
        ({"name": "n" * 151}, "name"),
        ({"starts_at": NOW, "ends_at": NOW}, "ends_at"),
        ({"starts_at": NOW - 2 * ONE_DAY, "ends_at": NOW - ONE_DAY}, "ends_at"),
        ({"uses_at_most": 0}, "uses_at_most"),
        ({"uses_per_candidate": 0}, "uses_per_candidate"),
    ],
)
@time_machine.travel(NOW, tick=False)
def test_bad_terms_are_refused_in_words_at_their_field(plan, values, field):
    with pytest.raises(DomainError) as refused:
        make_campaign(plan, **values)
    assert refused.value.code == "campaign-invalid"
    assert set(refused.value.extra["fields"]) == {field}
    assert str(refused.value)
    assert not DiscountCampaign.objects.exists()


def test_a_campaign_needs_a_plan():
    with pytest.raises(DomainError) as refused:
        make_campaign()
    assert set(refused.value.extra["fields"]) == {"plans"}


@pytest.mark.parametrize("same", ["NOWRUZ-1405", "nowruz۱۴۰۵", "Nowruz ١٤٠٥"])
def test_a_code_that_reads_the_same_is_taken(plan, same):
    make_campaign(plan, code="Nowruz-1405")
    with pytest.raises(DomainError) as refused:
        make_campaign(plan, code=same)
    assert set(refused.value.extra["fields"]) == {"code"}
    assert DiscountCampaign.objects.count() == 1


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.AUDITOR, Role.OPERATIONS, Role.DATA_OFFICER])
def test_other_roles_may_not_switch(plan, role):
    campaign = make_campaign(plan)
    with pytest.raises(DomainError) as refused:
        toggle_campaign(campaign_id=campaign.pk, actor=make_staff(role))
    assert refused.value.code == "not-allowed"


def test_limited_staff_may_not_change_what_concerns_all_candidates(plan):
    campaign = make_campaign(plan)
    with pytest.raises(DomainError) as refused:
        toggle_campaign(campaign_id=campaign.pk, actor=make_staff(Role.OWNER, regions=["tehran"]))
    assert refused.value.code == "not-allowed"


def test_an_unknown_campaign_can_not_be_switched():
    with pytest.raises(DomainError) as refused:
        toggle_campaign(campaign_id=10**12, actor=None)
    assert refused.value.code == "campaign-not-found"


@pytest.mark.parametrize("code", ["unknown", "---", "\x00", "' OR 1=1 --", "x" * 5000])
def test_an_unknown_code_is_refused_not_ignored(plan, code):
    make_campaign(plan)
    assert refusal(code).code == "campaign-unknown"


def test_a_campaign_counts_from_its_first_moment_until_before_its_last(plan):
    with time_machine.travel(NOW, tick=False) as clock:
        make_campaign(plan, code="window", starts_at=NOW + ONE_DAY, ends_at=NOW + 2 * ONE_DAY)
        assert refusal("window").extra["state"] == "to_come"
        clock.move_to(NOW + ONE_DAY)
        assert buy("window").price_rials == 800_000
        clock.move_to(NOW + 2 * ONE_DAY)
        assert refusal("window").extra["state"] == "over"


def test_a_campaign_that_is_off_is_refused_and_on_again_accepted(plan):
    campaign = make_campaign(plan, code="switch")
    toggle_campaign(campaign_id=campaign.pk, actor=None)
    assert refusal("switch").extra["state"] == "off"
    toggle_campaign(campaign_id=campaign.pk, actor=None)
    assert buy("switch").price_rials == 800_000


def test_a_campaign_is_for_its_plans_only(plan):
    make_campaign(make_plan("gold"), code="golden")
    assert refusal("golden").code == "campaign-other-plan"


def test_caps_hold_in_total_and_for_each_candidate(plan):
    make_campaign(plan, code="capped", uses_at_most=3, uses_per_candidate=2)
    often, once = make_candidate(), make_candidate()
    for _number in range(2):
        end_subscription(subscription_id=buy("capped", often).pk, reason="again", actor=None)

    assert refusal("capped", often).code == "campaign-used-by-candidate"
    buy("capped", once)
    assert refusal("capped").extra["state"] == "used_up"


def test_a_purchase_that_fails_uses_nothing_up(plan):
    campaign = make_campaign(plan, code="rolled", uses_at_most=1)
    candidate = make_candidate()
    subscribe(candidate=candidate, plan_code="basic", actor=None)
    assert refusal("rolled", candidate).code == "already-subscribed"
    campaign.refresh_from_db()
    assert campaign.use_count == 0
