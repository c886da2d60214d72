"""Whatever is done to a plan in whatever order: its history replays to where it stands."""

import datetime as dt

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import DomainError
from plans.models import Plan, PlanReleaseHistory, Stage
from plans.selectors import check_plan_availability, get_plan_release_history
from plans.services import (
    cancel_plan_release,
    create_plan,
    disable_plan,
    enable_plan,
    release_due_plans,
    retire_plan,
    schedule_plan_release,
)

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
ACTS = {
    "enable": lambda now: enable_plan(plan_code="basic", enabled_by=None),
    "disable": lambda now: disable_plan(plan_code="basic", reason="x", actor=None),
    "schedule": lambda now: schedule_plan_release(
        plan_code="basic", release_date=now + dt.timedelta(hours=2), actor=None
    ),
    "cancel": lambda now: cancel_plan_release(plan_code="basic", reason="x", actor=None),
    "retire": lambda now: retire_plan(plan_code="basic", reason="x", actor=None),
    "tick": lambda now: release_due_plans(),
    "lose the price": lambda now: Plan.objects.update(price_rials=None),
    "get a price": lambda now: Plan.objects.update(price_rials=5),
}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(acts=st.lists(st.sampled_from(sorted(ACTS)), max_size=12))
def test_history_replays_to_the_present_stage_and_only_a_plan_on_sale_is_sold(acts: list[str]) -> None:
    with transaction.atomic():
        create_plan(code="basic", name_fa="پایه", name_en="Basic", price_rials=5, actor=None)
        before = PlanReleaseHistory.objects.count()
        now = NOW
        for act in acts:
            now += dt.timedelta(hours=1)
            with time_machine.travel(now, tick=False):
                try:
                    ACTS[act](now)
                except DomainError:
                    continue
        assert_history_replays(before)
        transaction.set_rollback(True)


def assert_history_replays(before: int) -> None:
    plan = Plan.objects.get(code="basic")
    stage = str(Stage.DRAFT)
    for row in get_plan_release_history("basic").order_by("id"):
        assert row.stage_before == stage
        stage = row.stage_after
    assert plan.stage == stage
    assert plan.is_available_for_purchase == (stage == Stage.AVAILABLE)
    assert (plan.release_scheduled_at is not None) == (stage == Stage.SCHEDULED)
    assert PlanReleaseHistory.objects.count() >= before
    assert check_plan_availability("basic").is_available == (stage == Stage.AVAILABLE and plan.price_rials is not None)
