"""What purchases at the same moment do, in real threads on PostgreSQL."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from threading import Barrier
from time import monotonic

import pytest
from django.db import connection, transaction
from django.db.models import Sum

from accounts.models import Candidate
from accounts.testing import make_candidate
from common.errors import DomainError
from plans.models import CampaignUse, Plan, Stage, Subscription
from plans.services import subscribe, toggle_campaign
from plans.testing import make_campaign, make_plan

pytestmark = pytest.mark.django_db(transaction=True)

BUYERS = 50


def bought(
    candidate: Candidate, plan_code: str = "basic", campaign_code: str = "", agreed_price_rials: int | None = None
) -> str:
    """What came of a purchase: `bought`, or the code of the refusal."""
    try:
        subscribe(
            candidate=candidate,
            plan_code=plan_code,
            campaign_code=campaign_code,
            agreed_price_rials=agreed_price_rials,
            actor=None,
        )
    except DomainError as refused:
        return refused.code
    return "bought"


def at_once(acts: Sequence[Callable[[], str]]) -> Counter[str]:
    """How often each outcome came of acts that begin at the same moment, each in its own thread."""
    start = Barrier(len(acts))

    def run(act: Callable[[], str]) -> str:
        try:
            start.wait()
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return Counter(pool.map(run, acts))


def in_a_thread(pool: ThreadPoolExecutor, act: Callable[[], str]) -> Future[str]:
    def run() -> str:
        try:
            return act()
        finally:
            connection.close()

    return pool.submit(run)


def blocks_another() -> bool:
    """Whether another connection waits for a lock of this thread's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[0])


def wait_until_blocked(future: Future[str]) -> None:
    """Come back when what runs in `future` waits for a lock that this thread holds."""
    ends_at = monotonic() + 20
    while not blocks_another():
        assert not wait([future], timeout=0.01).done, future.result()
        assert monotonic() < ends_at, "it never came to the lock"


def set_stage(plan: Plan, stage: Stage) -> str:
    Plan.objects.filter(pk=plan.pk).update(stage=stage, is_available_for_purchase=stage == Stage.AVAILABLE)
    return stage


def test_fifty_at_once_use_a_campaign_of_three_three_times() -> None:
    campaign = make_campaign(make_plan(), code="three", uses_at_most=3)
    candidates = [make_candidate() for _number in range(BUYERS)]

    outcomes = at_once([partial(bought, buyer, campaign_code="THREE") for buyer in candidates])

    assert outcomes == {"bought": 3, "campaign-not-running": BUYERS - 3}
    campaign.refresh_from_db()
    assert (campaign.use_count, campaign.uses.count(), Subscription.objects.count()) == (3, 3, 3)
    assert campaign.uses.aggregate(saved=Sum("saved_rials"))["saved"] == 600_000


def test_one_candidate_at_once_uses_a_campaign_once_and_subscribes_once() -> None:
    make_campaign(make_plan(), code="mine", uses_per_candidate=1)
    candidate = make_candidate()

    outcomes = at_once([partial(bought, candidate, campaign_code="mine")] * 10)

    assert outcomes == {"bought": 1, "already-subscribed": 9}
    assert (CampaignUse.objects.count(), Subscription.objects.count()) == (1, 1)


def test_the_cap_of_a_candidate_holds_when_subscriptions_end_and_begin_at_once() -> None:
    make_campaign(make_plan(), code="mine", uses_per_candidate=1)
    candidate = make_candidate()

    def buy_and_end() -> str:
        outcome = bought(candidate, campaign_code="mine")
        Subscription.objects.filter(candidate=candidate, ended_at=None).update(ended_at="2026-03-01T00:00Z")
        return outcome

    outcomes = at_once([buy_and_end] * 10)

    assert outcomes["bought"] == 1
    assert CampaignUse.objects.count() == 1


def test_two_plans_at_once_give_a_candidate_one_of_them() -> None:
    make_plan(), make_plan("gold")
    candidate = make_candidate()

    outcomes = at_once([partial(bought, candidate, code) for code in ("basic", "gold") * 4])

    assert outcomes == {"bought": 1, "already-subscribed": 7}


def test_a_purchase_waits_for_a_plan_that_is_being_switched_off_and_is_refused() -> None:
    plan, candidate = make_plan(), make_candidate()
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            set_stage(plan, Stage.DISABLED)
            purchase = in_a_thread(pool, partial(bought, candidate))
            wait_until_blocked(purchase)
        assert purchase.result() == "plan-not-available"
    assert not Subscription.objects.exists()


def test_a_purchase_pays_the_price_that_is_being_set() -> None:
    plan, candidate = make_plan(price_rials=1_000_000), make_candidate()
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Plan.objects.filter(pk=plan.pk).update(price_rials=3_000_000)
            purchase = in_a_thread(pool, partial(bought, candidate))
            wait_until_blocked(purchase)
        assert purchase.result() == "bought"
    assert Subscription.objects.get().price_rials == 3_000_000


def test_a_price_that_is_being_changed_is_not_paid_by_who_agreed_to_another() -> None:
    plan, candidate = make_plan(price_rials=1_000_000), make_candidate()
    make_campaign(plan, code="switch")
    agreed = partial(bought, candidate, campaign_code="switch", agreed_price_rials=800_000)
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Plan.objects.filter(pk=plan.pk).update(price_rials=3_000_000)
            purchase = in_a_thread(pool, agreed)
            wait_until_blocked(purchase)
        assert purchase.result() == "price-changed"
    assert not Subscription.objects.exists()
    assert not CampaignUse.objects.exists()


def test_a_plan_is_switched_off_after_the_purchase_that_is_under_way() -> None:
    plan, candidate = make_plan(), make_candidate()
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            subscribe(candidate=candidate, plan_code="basic", actor=None)
            switching = in_a_thread(pool, partial(set_stage, plan, Stage.DISABLED))
            wait_until_blocked(switching)
        switching.result()
    assert Subscription.objects.count() == 1
    assert bought(make_candidate()) == "plan-not-available"


def test_buyers_of_one_plan_do_not_wait_for_one_another() -> None:
    make_plan()
    first, second = make_candidate(), make_candidate()
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        subscribe(candidate=first, plan_code="basic", actor=None)
        assert in_a_thread(pool, partial(bought, second)).result(timeout=20) == "bought"


def test_a_campaign_that_is_being_switched_off_is_not_used() -> None:
    campaign, candidate = make_campaign(make_plan(), code="switch"), make_candidate()
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            toggle_campaign(campaign_id=campaign.pk, actor=None)
            purchase = in_a_thread(pool, partial(bought, candidate, campaign_code="switch"))
            wait_until_blocked(purchase)
        assert purchase.result() == "campaign-not-running"
    assert not CampaignUse.objects.exists()
