"""The owner's five stages in a real Chromium, in Persian. With STORE_SCREENSHOTS=1 it draws the pictures of docs/."""

import datetime as dt
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from celery import current_app
from django.db import connections

from accounts.models import Candidate
from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from common.environment import PROJECT_DIR
from plans import moving, tasks
from plans.models import Plan, Stage, SubscriberMove, Subscription
from plans.public_list import keeper
from plans.services import create_plan, resume_move, subscribe
from plans.services.feedback import add_feedback

START = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)  # 1405/09/01 11:30 in Tehran
RELEASE = dt.datetime(2027, 2, 4, 5, 30, tzinfo=dt.UTC)  # 1405/11/15 09:00
PICTURES = PROJECT_DIR / "docs" / "images"
FIRST_NAMES = ("سارا", "رضا", "مینا", "علی", "زهرا", "حسین", "نرگس", "لیلا", "امیر", "مریم")
LAST_NAMES = ("احمدی", "کریمی", "رستمی")
KINDS = {"t": "ticket", "p": "technical_problem", "o": "opinion"}
PLANS = (
    ("basic", "پایه", 250, {"bots": 1, "people": 5_000}),
    ("standard", "استاندارد", 600, {"bots": 1, "people": 25_000}),
    ("premium", "ویژه", 1_200, {"bots": 2, "people": 100_000}),
    ("enterprise", "سازمانی", 2_500, {"bots": 5, "people": 500_000}),
    ("ultimate", "بی‌کران", 5_000, {"bots": 20, "people": 5_000_000}),
)

SHOWN_WHOLLY = "picker => Promise.all(picker.getAnimations().map(animation => animation.finished))"
WIDTH, HEIGHT, LOWEST = 1100, 700, 240

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


class Manager:
    """The release manager at a browser; `comes_back` after a while, when the session has ended."""

    def __init__(self, browser_page, root: str, clock) -> None:
        self.watched, self.page, self.root, self.clock = browser_page, browser_page.page, root, clock
        self.user = make_staff(Role.RELEASE_MANAGER, username="sara")
        self.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        self.page.add_init_script("localStorage.setItem('django.admin.navSidebarIsOpen', 'false')")
        self.read_in("fa")

    def read_in(self, language: str) -> None:
        self.watched.read_in(self.root, language)

    def comes_back(self, moment: dt.datetime) -> None:
        self.clock.move_to(moment)
        self.page.clock.set_fixed_time(moment)
        self.watched.sign_in_as(self.root, sign_in(self.user).cookies["sessionid"].value)

    def goes_to(self, path: str) -> None:
        self.page.goto(self.root + path)

    def fills(self, values: dict[str, str]) -> None:
        for name, value in values.items():
            field = self.page.locator(f"#id_{name}")
            if field.evaluate("field => field.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)

    def sends(self, button: str = "#content form [type=submit]") -> None:
        with self.page.expect_navigation():
            self.page.locator(button).last.click()
        assert self.page.locator(".errorlist").count() == 0, self.page.locator(".errorlist").all_inner_texts()

    def keeps_picture(self, name: str, *, whole: bool = True) -> None:
        """A picture of the page for docs/, with `whole` no higher and no lower than what stands on it."""
        if not os.environ.get("STORE_SCREENSHOTS"):
            return
        self.page.set_viewport_size({"width": WIDTH, "height": LOWEST if whole else HEIGHT})
        self.page.screenshot(path=PICTURES / f"plans-{name}.png", full_page=whole)
        self.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})

    def puts_on_sale(self, plan_code: str, reason: str) -> None:
        self.goes_to("/admin/plans/release-manager")
        self.page.locator(f'a.button[href$="/{number_of(plan_code)}/enable"]').click()
        self.fills({"reason": reason})
        self.sends()
        assert self.page.locator(".messagelist .success").is_visible()
        assert plan_code in self.counter()

    def counter(self) -> list[str]:
        """The codes on the public page, as somebody finds it who opens it now."""
        keeper.forget()
        self.goes_to("/plans")
        headings = self.page.locator("article h2").evaluate_all("all => all.map(one => one.id)")
        return [heading.removeprefix("plan-") for heading in headings]


def number_of(plan_code: str) -> int:
    return Plan.objects.get(code=plan_code).pk


def a_worker_does(task: str, **arguments: object) -> object:
    """What a task gives; in a thread of its own, for in the one that drives the browser an event loop runs."""

    def work() -> object:
        try:
            return current_app.tasks[task].apply(kwargs=arguments, throw=True).get()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(work).result()


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=True) as clock:
        yield clock
    keeper.forget()


@pytest.fixture
def manager(browser_page, live_server, clock) -> Manager:
    for code, name, millions, allows in PLANS:
        create_plan(
            code=code, name_fa=name, name_en=code.capitalize(), price_rials=millions * 1_000_000,
            entitlements=allows, actor=None,
        )  # fmt: skip
    return Manager(browser_page, live_server.url, clock)


@pytest.fixture
def candidates() -> list[Candidate]:
    names = [f"{first} {last}" for last in LAST_NAMES for first in FIRST_NAMES]
    return [make_candidate(f"candidate-{number}", name=name) for number, name in enumerate(names, start=1)]


def test_five_stages(manager, candidates, monkeypatch):
    buyers, testers = candidates[:12], candidates[12:27]
    manager.comes_back(START)
    assert manager.counter() == []
    manager.puts_on_sale("basic", "آغاز کارزار")
    for buyer in buyers:
        subscribe(candidate=buyer, plan_code="basic", actor=None)

    fifteen_try_standard(manager, testers)
    manager.comes_back(START + dt.timedelta(days=14))
    manager.goes_to("/admin/plans/release-manager")
    manager.keeps_picture("release-manager")
    watch_their_test(manager)
    manager.puts_on_sale("standard", "دو هفته آزمون بی‌مشکل گذشت")
    manager.comes_back(START + dt.timedelta(days=28))
    manager.puts_on_sale("premium", "دو هفته پس از استاندارد")
    manager.comes_back(START + dt.timedelta(days=58))
    manager.puts_on_sale("enterprise", "یک ماه پس از ویژه")

    schedule_ultimate(manager)
    manager.comes_back(RELEASE + dt.timedelta(seconds=19))
    assert a_worker_does("plans.release_due_plans") == 1
    make_a_campaign(manager)
    move_basic_to_standard(manager, monkeypatch)
    assert set(Subscription.objects.filter(candidate__in=buyers).values_list("plan__code", flat=True)) == {"standard"}
    look_back(manager)
    assert manager.watched.problems == []


def fifteen_try_standard(manager: Manager, testers: list[Candidate]) -> None:
    manager.goes_to("/admin/beta-testers/add")
    listed = "\n".join(tester.code for tester in testers)
    manager.fills({"plan": str(number_of("standard")), "listed": listed, "note": "آمادهٔ همکاری"})
    manager.sends()
    manager.keeps_picture("testers-preview")
    manager.sends("input[name=confirm]")
    manager.page.wait_for_url("**/admin/beta-testers")
    assert manager.page.locator("#result_list tbody tr").count() == len(testers)
    manager.keeps_picture("testers", whole=False)

    for day, told in enumerate(("", "to", "too", "tp", "ttpo", "p", "tpoo", "t", "oo", "tto", "o", "", "to", "o")):
        manager.clock.move_to(START + dt.timedelta(days=day, hours=1))
        for tester in testers[day * day // 13 : (day + 1) ** 2 // 13]:
            subscribe(candidate=tester, plan_code="standard", actor=None)
        for kind in told:
            add_feedback(plan_code="standard", candidate=testers[day], kind=KINDS[kind], text="…", actor=None)


def watch_their_test(manager: Manager) -> None:
    manager.goes_to(f"/admin/plans/{number_of('standard')}/watch")
    manager.keeps_picture("watch")
    assert manager.page.locator("figure.chart").count() == 4
    bars = manager.page.locator("svg.purchases rect:not(.under)")
    assert bars.count() == 14
    colours = bars.first.evaluate(
        "bar => [getComputedStyle(bar).fill, getComputedStyle(document.body).backgroundColor]"
    )
    assert len(set(colours)) == 2  # drawn so that it can be seen


def schedule_ultimate(manager: Manager) -> None:
    manager.goes_to("/admin/plans/release-manager")
    manager.page.locator(f'a.button[href$="/{number_of("ultimate")}/schedule"]').click()
    manager.fills({"notes": "<b>همه چیز</b>، بی‌کران.", "reason": "برای هفته‌های پایانی"})
    manager.page.locator("#id_release_date").click()
    manager.page.locator("jdp-container .jdp-day").first.wait_for()
    manager.page.locator("jdp-container").evaluate(SHOWN_WHOLLY)
    manager.keeps_picture("schedule", whole=False)
    manager.page.keyboard.press("Escape")
    manager.fills({"release_date": "۱۴۰۵/۱۱/۱۵ ۰۹:۰۰"})
    manager.page.locator("#content h1").click()
    manager.sends()
    assert Plan.objects.get(code="ultimate").release_scheduled_at == RELEASE
    assert "ultimate" not in manager.counter()
    manager.read_in("en")
    manager.goes_to("/admin/plans/release-manager")
    manager.keeps_picture("release-manager-en")
    manager.read_in("fa")
    assert manager.page.locator(".stairs .is-here").count() == len(PLANS)


def make_a_campaign(manager: Manager) -> None:
    manager.goes_to("/admin/discount-campaigns/create")
    values = {"name": "نوروز", "code": "نوروز-۱۴۰۵", "kind": "percent", "value": "۲۰", "uses_at_most": "100"}
    days = {"starts_at": "۱۴۰۵/۱۱/۱۵ ۰۰:۰۰", "ends_at": "۱۴۰۵/۱۲/۲۹ ۰۰:۰۰"}
    manager.fills(values | days)
    manager.page.locator(f'#id_plans input[value="{number_of("standard")}"]').check()
    manager.page.locator("#content h1").click()
    manager.keeps_picture("campaign")
    manager.sends()
    assert "نوروز" in manager.page.locator("#result_list").inner_text()


def move_basic_to_standard(manager: Manager, monkeypatch) -> None:
    """By a worker that is stopped after eight, and goes on."""
    monkeypatch.setattr(tasks.run_move, "delay", lambda move_id: None)
    monkeypatch.setattr(moving, "PART_SIZE", 8)
    manager.goes_to("/admin/plans/migrate-users")
    plans = {"old_plan": str(number_of("basic")), "new_plan": str(number_of("standard"))}
    manager.fills({**plans, "reason": "جشنوارهٔ بهمن"})
    manager.sends("input[name=preview]")
    assert manager.page.locator("input[name=run]").is_visible()
    manager.keeps_picture("move-preview")
    manager.sends("input[name=run]")

    move = SubscriberMove.objects.get()
    with pytest.raises(KeyboardInterrupt):
        resume_move(move_id=move.pk, on_progress=_stop)
    page = f"/admin/plans/migrate-users/{move.pk}"
    manager.goes_to(page)
    assert manager.page.locator("progress").get_attribute("value") == "8"
    manager.keeps_picture("move-progress")
    a_worker_does("plans.run_move", move_id=move.pk)
    manager.goes_to(page)
    assert manager.page.locator("input[name=undo]").is_visible()
    manager.keeps_picture("move-done")


def _stop(handled: int, _total: int) -> None:
    if handled:
        raise KeyboardInterrupt


def look_back(manager: Manager) -> None:
    manager.goes_to(f"/admin/plans/{number_of('standard')}/history")
    told = manager.page.locator(".plan-history").inner_text()
    assert "sara" in told
    assert "دو هفته آزمون بی‌مشکل گذشت" in told
    manager.goes_to(f"/admin/plans/{number_of('ultimate')}/history")
    manager.keeps_picture("history")
    for language, name in (("en", "public-en"), ("fa", "public")):
        manager.read_in(language)
        assert manager.counter() == [code for code, *_rest in PLANS]
        manager.keeps_picture(name)
    assert set(Plan.objects.values_list("stage", flat=True)) == {Stage.AVAILABLE}
