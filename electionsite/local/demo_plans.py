"""The demo's plans, each at another stage of its way to the counter, and what the demo's candidates have bought."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from accounts.models import Candidate
from common.jalali import TEHRAN
from plans.models import BetaFeedback, Plan, PlanReleaseHistory, Stage, Subscription
from plans.selectors import check_plan_availability
from plans.services import add_beta_testers, create_plan, enable_plan, schedule_plan_release, subscribe
from plans.services.feedback import add_feedback

PLANS = (
    ("basic", "پایه", "Basic", 250_000_000, {"bots": 1, "people": 5_000, "broadcasts": 10}),
    ("standard", "استاندارد", "Standard", 600_000_000, {"bots": 1, "people": 25_000, "broadcasts": 40}),
    ("premium", "ویژه", "Premium", 1_200_000_000, {"bots": 2, "people": 100_000, "broadcasts": 120}),
    ("enterprise", "سازمانی", "Enterprise", 2_500_000_000, {"bots": 5, "people": 500_000, "broadcasts": 400}),
    ("ultimate", "بی‌کران", "Ultimate", 5_000_000_000, {"bots": 20, "people": 5_000_000, "broadcasts": 2_000}),
)
BOUGHT = {"tehran-1": "basic", "isfahan-1": "standard", "shiraz-1": "basic"}
TESTERS = ("isfahan-1", "shiraz-1")
FEEDBACK = (
    ("isfahan-1", BetaFeedback.Kind.OPINION, "شمار پیام‌های همگانی این طرح برای یک شهر بزرگ خوب است."),
    ("isfahan-1", BetaFeedback.Kind.TICKET, "پرسیدند از کجا می‌بینند که چند پیام همگانی مانده است."),
    ("shiraz-1", BetaFeedback.Kind.TECHNICAL_PROBLEM, "نام طرح در پیام خوشامد نیامده بود."),
)
PREMIUM_COMES_IN = dt.timedelta(days=30)


def make_plans() -> int:
    """Make the plans that are missing, and release those that nobody has touched; returns how many were new."""
    there = set(Plan.objects.values_list("code", flat=True))
    new = [row for row in PLANS if row[0] not in there]
    for code, name_fa, name_en, price, entitlements in new:
        create_plan(
            code=code, name_fa=name_fa, name_en=name_en, price_rials=price, entitlements=entitlements, actor=None
        )
    for code, release in (("basic", _sell_basic), ("standard", _test_standard), ("premium", _schedule_premium)):
        if _is_untouched(code):
            release()
    return len(new)


def make_subscriptions() -> int:
    """Sell to each of the demo's candidates who never had a plan the one meant for them; returns how many bought."""
    customers = Candidate.objects.filter(code__in=BOUGHT).exclude(pk__in=Subscription.objects.values("candidate"))
    sales = [(candidate, BOUGHT[candidate.code]) for candidate in customers.order_by("pk")]
    possible = [(one, plan) for one, plan in sales if check_plan_availability(plan, one).is_available]
    for candidate, plan_code in possible:
        subscribe(candidate=candidate, plan_code=plan_code, actor=None)
    return len(possible)


def _is_untouched(plan_code: str) -> bool:
    steps = PlanReleaseHistory.objects.filter(plan_code=plan_code)
    return Plan.objects.get(code=plan_code).stage == Stage.DRAFT and not steps.exists()


def _sell_basic() -> None:
    enable_plan(plan_code="basic", enabled_by=None, reason="آغاز فروش")


@transaction.atomic
def _test_standard() -> None:
    candidates = {candidate.code: candidate for candidate in Candidate.objects.filter(code__in=TESTERS)}
    add_beta_testers(candidates=candidates.values(), plan_code="standard", note="داوطلب آزمایش", actor=None)
    for code, kind, text in FEEDBACK:
        add_feedback(plan_code="standard", candidate=candidates[code], kind=kind, text=text, actor=None)


def _schedule_premium() -> None:
    day = (timezone.now() + PREMIUM_COMES_IN).astimezone(TEHRAN).date()
    nine_o_clock = dt.datetime.combine(day, dt.time(9), tzinfo=TEHRAN)
    notes = "<p>طرح <b>ویژه</b> با دو بات و صد هزار نفر.</p>"
    schedule_plan_release(plan_code="premium", release_date=nine_o_clock, notes=notes, actor=None)
