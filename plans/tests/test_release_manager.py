"""The release manager in the admin: what it shows, and what its buttons do."""

import datetime as dt

import pytest
import time_machine
from django.test import Client

from accounts.roles import Role
from accounts.testing import make_staff, sign_in
from plans.models import Plan, Stage, Step
from plans.selectors import get_plan_release_history
from plans.services import create_plan, enable_plan, schedule_plan_release

MANAGER = "/admin/plans/release-manager"
NOW = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def basic() -> Plan:
    return create_plan(code="basic", name_fa="پایه", name_en="Basic", price_rials=100, actor=None)


@pytest.fixture
def client() -> Client:
    client = sign_in(make_staff(Role.RELEASE_MANAGER))
    client.cookies["django_language"] = "en"
    return client


def page(client: Client, plan: Plan, name: str) -> str:
    return client.get(f"/admin/plans/{plan.pk}/{name}").content.decode()


def test_each_plan_shows_where_it_stands_and_what_can_be_done(client: Client, basic: Plan) -> None:
    shown = client.get(MANAGER).content.decode()
    assert 'class="is-here" aria-current="step">draft' in shown
    assert f"/admin/plans/{basic.pk}/enable" in shown
    assert f"/admin/plans/{basic.pk}/disable" not in shown


def test_a_plan_without_a_price_is_pointed_out(client: Client, basic: Plan) -> None:
    Plan.objects.update(price_rials=None)
    assert "no price yet" in client.get(MANAGER).content.decode()


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.OWNER, Role.RELEASE_MANAGER}))
def test_others_read_and_press_no_buttons(basic: Plan, role: Role) -> None:
    client = sign_in(make_staff(role))
    shown = client.get(MANAGER)
    assert shown.status_code == 200
    assert f"/admin/plans/{basic.pk}/enable" not in shown.content.decode()
    for name in ("enable", "disable", "cancel", "retire", "schedule"):
        assert client.post(f"/admin/plans/{basic.pk}/{name}", {"reason": "x"}).status_code == 403
    assert client.get(f"/admin/plans/{basic.pk}/history").status_code == 200


def test_looking_at_a_button_does_nothing_and_pressing_it_does(client: Client, basic: Plan) -> None:
    assert "Everybody can buy it" in page(client, basic, "enable")
    basic.refresh_from_db()
    assert basic.stage == Stage.DRAFT

    answer = client.post(f"/admin/plans/{basic.pk}/enable", {"reason": ""}, follow=True)
    assert "Basic is now: on sale." in answer.content.decode()
    basic.refresh_from_db()
    assert basic.stage == Stage.AVAILABLE


def test_taking_off_sale_wants_a_reason(client: Client, basic: Plan) -> None:
    enable_plan(plan_code="basic", enabled_by=None)
    answer = client.post(f"/admin/plans/{basic.pk}/disable", {"reason": " "})
    assert answer.context["form"].errors["reason"]
    client.post(f"/admin/plans/{basic.pk}/disable", {"reason": "a wrong price"})
    assert get_plan_release_history("basic").values_list("step", "reason").first() == (Step.DISABLED, "a wrong price")


@pytest.mark.parametrize("typed", ["1405/09/10 14:30", "۱۴۰۵/۰۹/۱۰ ۱۴:۳۰", "2026-12-01 14:30"])
def test_a_release_is_scheduled_in_either_calendar_and_tehran_time(client: Client, basic: Plan, typed: str) -> None:
    values = {"release_date": typed, "notes": "<b>new</b>", "reason": ""}
    assert client.post(f"/admin/plans/{basic.pk}/schedule", values).status_code == 302
    basic.refresh_from_db()
    assert basic.release_scheduled_at == dt.datetime(2026, 12, 1, 11, 0, tzinfo=dt.UTC)
    assert "What comes next" in client.get(MANAGER).content.decode()


@pytest.mark.parametrize(
    ("typed", "words"),
    [("1405/08/30 10:00", "has passed"), ("1405/13/01 10:00", "Enter a day"), ("1405/09/10 14:30", "same instant")],
)
def test_conflicts_are_told_at_the_form_and_nothing_is_saved(
    client: Client, basic: Plan, typed: str, words: str
) -> None:
    create_plan(code="gold", name_fa="طلایی", name_en="Gold", price_rials=200, actor=None)
    taken = dt.datetime(2026, 12, 1, 11, 0, tzinfo=dt.UTC)
    schedule_plan_release(plan_code="gold", release_date=taken, actor=None)
    answer = client.post(f"/admin/plans/{basic.pk}/schedule", {"release_date": typed, "notes": "", "reason": ""})
    assert answer.context["form"].errors["release_date"]
    assert words in answer.content.decode()
    basic.refresh_from_db()
    assert basic.stage == Stage.DRAFT


def test_history_reads_as_a_story(client: Client, basic: Plan) -> None:
    enable_plan(plan_code="basic", enabled_by=make_staff(Role.OWNER, username="sara"), reason="the campaign begins")
    client.cookies["django_language"] = "fa"
    shown = page(client, basic, "history")
    for words in ("1405/09/01", "sara", "the campaign begins"):
        assert words in shown


def test_what_others_did_meanwhile_is_told(client: Client, basic: Plan) -> None:
    enable_plan(plan_code="basic", enabled_by=None)
    answer = client.post(f"/admin/plans/{basic.pk}/enable", {"reason": ""})
    assert "on sale already" in answer.content.decode()


def test_the_list_of_plans_leads_here(client: Client, basic: Plan) -> None:
    assert MANAGER in client.get("/admin/plans/plan/").content.decode()
