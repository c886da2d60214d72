"""The demo data, as a newcomer finds them."""

import datetime as dt
import io

import pytest
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from accounts.models import Candidate
from bots.broadcast_rules import refuse_beyond_plan
from bots.care.plans import Patience, bots_out_of_step
from bots.models import Bot
from plans.models import BetaFeedback, BetaTester, Plan, Subscription
from plans.services import disable_plan, end_subscription

pytestmark = pytest.mark.django_db


def make() -> str:
    told = io.StringIO()
    call_command("make_demo_data", stdout=told)
    return told.getvalue().strip()


def stages() -> dict[str, str]:
    return dict(Plan.objects.values_list("code", "stage"))


def test_each_candidate_has_a_bot_and_a_plan_that_runs():
    assert make() == "3 new candidates, 3 new bots, 5 new plans, 3 new subscriptions"

    bought = Subscription.objects.filter(ended_at=None).values_list("candidate__code", "plan__code", "is_of_tester")
    assert set(bought) == {("tehran-1", "basic", False), ("isfahan-1", "standard", True), ("shiraz-1", "basic", False)}
    assert Bot.objects.count() == 3
    assert bots_out_of_step(timezone.now(), Patience(trial=dt.timedelta(), grace=dt.timedelta())) == []


def test_each_candidate_may_send_a_broadcast():
    make()

    candidates = list(Candidate.objects.all())
    assert len(candidates) == 3
    for candidate in candidates:
        with transaction.atomic():
            refuse_beyond_plan(candidate)  # raises where the plan allows none


def test_the_plans_are_at_different_stages():
    make()

    assert stages() == {
        "basic": "available", "standard": "beta", "premium": "scheduled", "enterprise": "draft", "ultimate": "draft",
    }  # fmt: skip
    assert set(BetaTester.objects.values_list("plan__code", "candidate__code")) == {
        ("standard", "isfahan-1"), ("standard", "shiraz-1"),
    }  # fmt: skip
    assert set(BetaFeedback.objects.values_list("kind", flat=True)) == set(BetaFeedback.Kind)


def test_made_again_they_stay_as_people_left_them():
    make()
    ended = Subscription.objects.get(candidate__code="tehran-1")
    end_subscription(subscription_id=ended.pk, reason="x", actor=None)
    disable_plan(plan_code="basic", reason="x", actor=None)
    before = stages()

    assert make() == "0 new candidates, 0 new bots, 0 new plans, 0 new subscriptions"

    assert stages() == before
    assert Subscription.objects.filter(ended_at=None).count() == 2
    assert Candidate.objects.count() == 3
    assert BetaFeedback.objects.count() == 3
