"""The owner's five stages as staff go through them: from *basic* alone on the counter to a move for a promotion."""

import datetime as dt
import re
from collections.abc import Mapping

import pytest
import time_machine
from celery import current_app
from django.test import Client

from accounts.models import Candidate, User
from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from audit.models import AuditLog
from plans import tasks
from plans.models import Plan, SubscriberMove, Subscription
from plans.public_list import keeper

START = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)  # 1405/09/01 11:30 in Tehran
RELEASE = dt.datetime(2027, 2, 4, 5, 30, tzinfo=dt.UTC)  # 1405/11/15 09:00
BEAT_SECONDS, PROMISED_SECONDS = 20, 60
MANAGER = "/admin/plans/release-manager"
PLANS = {"basic": 250, "standard": 600, "premium": 1200, "enterprise": 2500, "ultimate": 5000}

pytestmark = pytest.mark.django_db


class Staff:
    """The people of the company at their browsers. Each comes anew, with the second factor just shown."""

    def __init__(self) -> None:
        self.manager: User = make_staff(Role.RELEASE_MANAGER, username="sara")
        self.support: User = make_staff(Role.SUPPORT, username="omid")

    def post(self, path: str, values: Mapping[str, object], *, by: User | None = None) -> str:
        """What the page says after it was sent; a form that was refused fails the test."""
        answer = _browser(by or self.manager).post(path, values, follow=True)
        assert answer.status_code == 200
        assert answer.redirect_chain, answer.context["form"].errors
        return answer.content.decode()

    def look(self, path: str, *, language: str = "en") -> str:
        answer = _browser(self.manager, language).get(path)
        assert answer.status_code == 200
        return answer.content.decode()

    def reason(self, path: str) -> str:
        """The code that the availability API answers with."""
        return str(_browser(self.support).get(path).json()["reason_code"])


def _browser(user: User, language: str = "en") -> Client:
    client = sign_in(user)
    client.cookies["django_language"] = language
    return client


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as clock:
        yield clock


@pytest.fixture
def staff(clock) -> Staff:
    return Staff()


@pytest.fixture(autouse=True)
def _public_list_asks_each_time(monkeypatch):
    monkeypatch.setattr("plans.public_list.FRESH_SECONDS", 0)
    keeper.forget()
    yield
    keeper.forget()


@pytest.fixture
def handed_to_worker(monkeypatch):
    """The numbers of the moves that a worker was asked to run."""
    moves: list[int] = []
    monkeypatch.setattr(tasks.run_move, "delay", lambda move_id: moves.append(move_id))
    return moves


def on_the_counter() -> list[str]:
    """The codes of what anybody can buy now; the page and the API must tell the same."""
    told = [plan["code"] for plan in Client().get("/api/plans").json()["plans"]]
    shown = re.findall(r'<h2 id="plan-([a-z]+)"', Client().get("/plans").content.decode())
    assert shown == told
    return told


def sell(staff: Staff, candidate: Candidate, plan_code: str, *, code: str = "") -> Subscription:
    """Sold at the price that the page has shown."""
    page, values = _sale(candidate, plan_code, code)
    shown = _browser(staff.manager).post(page, values).context["quote"]
    staff.post(page, {**values, "sell": "1", "agreed_price_rials": shown.to_pay_rials})
    return Subscription.objects.get(candidate=candidate, ended_at=None)


def _sale(candidate: Candidate, plan_code: str, code: str) -> tuple[str, dict[str, object]]:
    values: dict[str, object] = {"plan": Plan.objects.get(code=plan_code).pk, "campaign_code": code}
    return f"/admin/plans/subscriptions/sell?candidate={candidate.pk}", values


def page_of(plan_code: str, name: str) -> str:
    return f"/admin/plans/{Plan.objects.get(code=plan_code).pk}/{name}"


def run_task(name: str, **arguments: object) -> object:
    """Have a worker do a task now, as when beat or a page has asked for it."""
    return current_app.tasks[name].apply(kwargs=arguments, throw=True).get()


def test_five_stages(staff, clock, handed_to_worker, django_capture_on_commit_callbacks):
    only_basic_is_on_sale(staff)
    candidates = [make_candidate(f"candidate-{number}") for number in range(30)]
    buyers, testers = candidates[:5], candidates[5:20]
    for candidate in buyers:
        sell(staff, candidate, "basic")

    fifteen_try_standard(staff, clock, testers, outsider=candidates[20])
    put_on_sale(staff, clock, "standard", after_days=14, now_sold=["basic", "standard"])
    put_on_sale(staff, clock, "premium", after_days=14, now_sold=["basic", "standard", "premium"])
    put_on_sale(staff, clock, "enterprise", after_days=30, now_sold=["basic", "standard", "premium", "enterprise"])
    ultimate_goes_on_sale_by_itself(staff, clock)
    a_campaign_makes_standard_cheaper(staff, candidates[21], candidates[22])
    with django_capture_on_commit_callbacks(execute=True):
        everybody_of_basic_is_queued_for_standard(staff)
    everybody_of_basic_has_standard(staff, clock, buyers, handed_to_worker)
    history_tells_it(staff)


def only_basic_is_on_sale(staff: Staff) -> None:
    for code, millions in PLANS.items():
        values = {
            "code": code,
            "name_fa": code,
            "name_en": code.capitalize(),
            "price_rials": f"{millions},000,000",
            "entitlements": '{"bots": 1}',
        }
        staff.post("/admin/plans/plan/add/", values)
    assert on_the_counter() == []

    shown = staff.post(page_of("basic", "enable"), {"reason": "The campaign begins"})
    assert "Basic is now: on sale." in shown
    assert on_the_counter() == ["basic"]


def fifteen_try_standard(staff: Staff, clock, testers: list[Candidate], *, outsider: Candidate) -> None:
    chosen = {"plan": Plan.objects.get(code="standard").pk, "listed": "\n".join(one.code for one in testers)}
    wanted = {**chosen, "note": "Ready to help"}
    preview = _browser(staff.manager).post("/admin/beta-testers/add", wanted).content.decode()
    assert testers[14].code in preview
    assert staff.reason(page_of("standard", "api/check-availability")) == "not-released"
    assert "15 candidates test Standard now." in staff.post("/admin/beta-testers/add", {**wanted, "confirm": "1"})

    check = page_of("standard", "api/check-availability")
    assert staff.reason(check) == "testers-only"
    assert staff.reason(f"{check}?candidate={outsider.code}") == "testers-only"
    assert staff.reason(f"{check}?candidate={testers[0].code}") == "for-tester"
    for tester in testers[:12]:
        clock.shift(dt.timedelta(hours=3))
        assert sell(staff, tester, "standard").is_of_tester
    assert on_the_counter() == ["basic"]

    for kind, text in (("opinion", "The menu is clear"), ("technical_problem", "A poll shows no results")):
        told = {"plan": chosen["plan"], "kind": kind, "candidate": testers[0].pk, "text": text}
        staff.post("/admin/plans/betafeedback/add/", told, by=staff.support)
    watched = staff.look(page_of("standard", "watch"))
    assert "1 technical problem is open." in watched
    assert 'aria-label="Purchases: 12"' in watched


def put_on_sale(staff: Staff, clock, plan_code: str, *, after_days: int, now_sold: list[str]) -> None:
    clock.shift(dt.timedelta(days=after_days))
    staff.post(page_of(plan_code, "enable"), {"reason": f"{after_days} days went well"})
    assert on_the_counter() == now_sold


def ultimate_goes_on_sale_by_itself(staff: Staff, clock) -> None:
    release = {
        "release_date": "۱۴۰۵/۱۱/۱۵ ۰۹:۰۰",
        "notes": "<p><b>Everything</b> without limits.</p><script>alert(1)</script>",
        "reason": "Before the last weeks",
    }
    staff.post(page_of("ultimate", "schedule"), release)
    assert "What comes next" in staff.look(MANAGER)
    assert staff.reason(page_of("ultimate", "api/check-availability")) == "scheduled"

    clock.move_to(RELEASE - dt.timedelta(seconds=BEAT_SECONDS + 1))
    run_task("plans.release_due_plans")
    assert "ultimate" not in on_the_counter()
    for late in range(BEAT_SECONDS - 1, PROMISED_SECONDS, BEAT_SECONDS):
        clock.move_to(RELEASE + dt.timedelta(seconds=late))
        run_task("plans.release_due_plans")
    assert on_the_counter() == list(PLANS)
    public = Client().get("/plans").content.decode()
    assert "<b>Everything</b> without limits." in public
    assert "<script" not in public
    enabled_at = Plan.objects.get(code="ultimate").enabled_at
    assert enabled_at
    assert enabled_at <= RELEASE + dt.timedelta(seconds=BEAT_SECONDS)


def a_campaign_makes_standard_cheaper(staff: Staff, in_time: Candidate, too_late: Candidate) -> None:
    terms = {
        "name": "Nowruz",
        "code": "نوروز-۱۴۰۵",
        "kind": "percent",
        "value": "۲۰",
        "plans": [Plan.objects.get(code="standard").pk],
        "starts_at": "1405/11/15 00:00",
        "ends_at": "1405/12/29 00:00",
        "uses_at_most": 1,
        "uses_per_candidate": 1,
    }
    staff.post("/admin/discount-campaigns/create", terms)
    assert sell(staff, in_time, "standard", code="نوروز 1405").price_rials == 480_000_000
    page, values = _sale(too_late, "standard", "نوروز 1405")
    assert "campaign_code" in _browser(staff.manager).post(page, values).context["form"].errors


def everybody_of_basic_is_queued_for_standard(staff: Staff) -> None:
    plans = {f"{which}_plan": Plan.objects.get(code=code).pk for which, code in (("old", "basic"), ("new", "standard"))}
    wanted = {**plans, "reason": "Promotion of Bahman"}
    preview = _browser(staff.manager).post("/admin/plans/migrate-users", {**wanted, "preview": "1"}).content.decode()
    assert "5 subscribers would be moved." in preview
    assert not SubscriberMove.objects.exists()
    waiting = staff.post("/admin/plans/migrate-users", {**wanted, "run": "1"})
    assert "<progress" in waiting


def everybody_of_basic_has_standard(staff: Staff, clock, buyers: list[Candidate], handed_to_worker: list[int]) -> None:
    (move_id,) = handed_to_worker
    run_task("plans.run_move", move_id=move_id)
    page = f"/admin/plans/migrate-users/{move_id}"
    assert "Move them back" in staff.look(page)
    moved = Subscription.objects.filter(candidate__in=buyers).values_list("plan__code", "price_rials", "ended_at")
    assert set(moved) == {("standard", 250_000_000, None)}
    counted = SubscriberMove.objects.values_list("before_count", "moved_count", "skipped_count", "failed_count")
    assert counted.get() == (5, 5, 0, 0)

    clock.move_to(SubscriberMove.objects.get().undo_until)
    assert "Move them back" not in staff.look(page)


def history_tells_it(staff: Staff) -> None:
    """Jalali in Persian, Gregorian in English; every step with who and why, in the audit log too."""
    for plan_code, day, words in (
        ("basic", "1405/09/01", "The campaign begins"),
        ("standard", "1405/09/01", "Ready to help"),
        ("standard", "1405/09/16", "14 days went well"),
        ("premium", "1405/09/30", "14 days went well"),
        ("enterprise", "1405/10/30", "30 days went well"),
        ("ultimate", "1405/11/15", "Before the last weeks"),
    ):
        told = staff.look(page_of(plan_code, "history"), language="fa")
        assert day in told
        assert words in told
        assert "sara" in told
    assert "put on sale by its schedule" in staff.look(page_of("ultimate", "history"))
    recorded = list(AuditLog.objects.filter(action__startswith="plans.").values_list("action", flat=True))
    assert recorded.count("plans.subscription.add") == 5 + 12 + 1
    assert recorded.count("plans.beta_tester.add") == 15
