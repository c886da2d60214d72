"""What staff's programs ask: what can be bought, by whom, and why not."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from plans.models import BetaTester, Plan, Stage

pytestmark = pytest.mark.django_db

AVAILABLE = "/admin/plans/api/available"


@pytest.fixture
def candidate():
    return make_candidate("sara")


@pytest.fixture
def plans(candidate):
    """A plan on sale to everybody, one that `candidate` tests, and one that nobody can buy."""
    made = {
        code: Plan.objects.create(code=code, name_fa=code, name_en=code, price_rials=price, stage=stage,
                                  is_available_for_purchase=stage == Stage.AVAILABLE)
        for code, price, stage in (
            ("basic", 100, Stage.AVAILABLE), ("standard", 200, Stage.BETA), ("premium", 300, Stage.DRAFT),
        )
    }  # fmt: skip
    BetaTester.objects.create(plan=made["standard"], candidate=candidate)
    return made


def check_address(plan):
    return f"/admin/plans/{plan.pk}/api/check-availability"


def reason(client, plan, **query):
    found = client.get(check_address(plan), query).json()
    return found["is_available"], found["reason_code"]


@pytest.mark.parametrize("slash", ["", "/"])
def test_what_anybody_and_what_a_tester_can_buy(plans, slash):
    client = sign_in(make_staff(Role.OWNER))
    found = client.get(AVAILABLE + slash).json()
    assert found["candidate"] is None
    assert [plan["code"] for plan in found["plans"]] == ["basic"]
    found = client.get(AVAILABLE + slash, {"candidate": "sara"}).json()
    assert found["candidate"] == "sara"
    assert [(plan["code"], plan["reason_code"]) for plan in found["plans"]] == [
        ("basic", "on-sale"),
        ("standard", "for-tester"),
    ]


def test_a_plan_is_judged_with_a_reason_for_programs_and_for_people(plans):
    client = sign_in(make_staff(Role.RELEASE_MANAGER))
    assert reason(client, plans["basic"]) == (True, "on-sale")
    assert reason(client, plans["standard"]) == (False, "testers-only")
    assert reason(client, plans["standard"], candidate="sara") == (True, "for-tester")
    assert reason(client, plans["premium"], candidate="sara") == (False, "not-released")
    assert client.get(check_address(plans["premium"]) + "/").json()["message"]


def test_a_schedule_is_told_with_its_time(plans):
    moment = timezone.now() + dt.timedelta(days=3)
    Plan.objects.filter(code="premium").update(stage=Stage.SCHEDULED, release_scheduled_at=moment)
    found = sign_in(make_staff(Role.OWNER)).get(check_address(plans["premium"])).json()
    assert found["reason_code"] == "scheduled"
    assert dt.datetime.fromisoformat(found["scheduled_for"]) == moment.replace(
        microsecond=moment.microsecond // 1000 * 1000
    )


@pytest.mark.parametrize("code", ["nobody", "sara'", "\x00", "s" * 5000, "\u200c"])
def test_a_candidate_who_is_not_there_is_not_found(plans, code):
    response = sign_in(make_staff(Role.OWNER)).get(AVAILABLE, {"candidate": code})
    assert (response.status_code, response.json()["code"]) == (404, "candidate-not-found")


def test_staff_who_are_limited_ask_only_for_their_own_candidates(plans, candidate):
    client = sign_in(make_staff(Role.SUPPORT, candidates=[make_candidate("another")]))
    for address in (AVAILABLE, check_address(plans["basic"])):
        assert client.get(address, {"candidate": "sara"}).status_code == 404
        assert client.get(address, {"candidate": "another"}).status_code == 200
        assert client.get(address).status_code == 200


def test_a_plan_that_is_not_there_is_not_found():
    client = sign_in(make_staff(Role.OWNER))
    for number in (0, 999_999, 10**18 - 1):
        response = client.get(f"/admin/plans/{number}/api/check-availability")
        assert (response.status_code, response.json()["code"]) == (404, "plan-not-found")


def test_only_staff_who_may_look_at_plans_are_answered(plans):
    for address in (AVAILABLE, check_address(plans["basic"])):
        assert Client().get(address).status_code == 302
        refused = sign_in(make_staff()).get(address)
        assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed")
        assert sign_in(make_staff(Role.OWNER), verified=False).get(address).status_code == 302
        assert sign_in(make_staff(Role.AUDITOR)).post(address).status_code == 405


def test_answers_to_staff_are_kept_nowhere(plans):
    assert "no-store" in sign_in(make_staff(Role.OWNER)).get(AVAILABLE)["Cache-Control"]


def test_the_number_of_plans_does_not_cost_queries(plans, candidate, django_assert_max_num_queries):
    client = sign_in(make_staff(Role.OWNER))
    for number in range(20):
        Plan.objects.create(code=f"more-{number}", name_fa="x", name_en="x", price_rials=number, stage=Stage.AVAILABLE,
                            is_available_for_purchase=True)  # fmt: skip
    with django_assert_max_num_queries(12):
        assert len(client.get(AVAILABLE, {"candidate": "sara"}).json()["plans"]) == 22
