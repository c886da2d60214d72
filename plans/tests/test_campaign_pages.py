"""Discount campaigns as staff work with them, over HTTP."""

import datetime as dt
import re

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils.html import strip_tags

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from audit.models import AuditLog
from common.jalali import TEHRAN
from plans.models import DiscountCampaign
from plans.services import subscribe, toggle_campaign
from plans.testing import ONE_DAY, make_campaign, make_plan

pytestmark = pytest.mark.django_db

LIST = "/admin/discount-campaigns"
CREATE = "/admin/discount-campaigns/create"
NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def plan():
    return make_plan()


@pytest.fixture
def owner() -> Client:
    return _client(make_staff(Role.OWNER))


def _client(user, language: str = "en") -> Client:
    client = sign_in(user)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = language
    return client


def _terms(plan, **values):
    usual = {
        "name": "Nowruz", "code": "NOWRUZ-1405", "kind": "percent", "value": "20", "plans": [plan.pk],
        "starts_at": "1404/12/10 00:00", "ends_at": "1405/01/14 00:00", "uses_at_most": "", "uses_per_candidate": "1",
    }  # fmt: skip
    return {**usual, **values}


def _text(response) -> str:
    return str(response.content.decode())


def _is_on(campaign: DiscountCampaign) -> bool:
    return DiscountCampaign.objects.get(pk=campaign.pk).is_active


@time_machine.travel(NOW, tick=False)
def test_a_campaign_is_made_with_jalali_days_and_persian_digits(plan):
    client = _client(make_staff(Role.RELEASE_MANAGER), "fa")
    terms = _terms(plan, kind="amount", value="۵٬۰۰۰٬۰۰۰", starts_at="۱۴۰۴/۱۲/۲۹ ۱۰:۳۰", uses_at_most="۱۰۰")

    response = client.post(CREATE, terms)

    assert response.status_code == 302, response.context["form"].errors
    campaign = DiscountCampaign.objects.get()
    assert (campaign.value, campaign.uses_at_most, campaign.code_key) == (5_000_000, 100, "nowruz1405")
    assert campaign.starts_at == dt.datetime(2026, 3, 20, 10, 30, tzinfo=TEHRAN)
    assert list(campaign.plans.all()) == [plan]
    assert AuditLog.objects.filter(action="plans.discount_campaign.add").count() == 1


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"value": "101"}, "value"),
        ({"value": "-1"}, "value"),
        ({"value": "lots"}, "value"),
        ({"code": "--"}, "code"),
        ({"plans": []}, "plans"),
        ({"plans": ["x"]}, "plans"),
        ({"starts_at": "tomorrow"}, "starts_at"),
        ({"ends_at": "1404/12/10 00:00"}, "ends_at"),
        ({"uses_at_most": "0"}, "uses_at_most"),
        ({"uses_at_most": "99999999999"}, "uses_at_most"),
        ({"uses_per_candidate": ""}, "uses_per_candidate"),
    ],
)
@time_machine.travel(NOW, tick=False)
def test_mistakes_are_told_at_their_field_and_nothing_is_made(plan, owner, typed, field):
    response = owner.post(CREATE, _terms(plan, **typed))
    assert response.status_code == 200
    assert set(response.context["form"].errors) == {field}
    assert not DiscountCampaign.objects.exists()


@time_machine.travel(NOW, tick=False)
def test_a_taken_code_is_told_at_its_field(plan, owner):
    make_campaign(plan, code="nowruz ۱۴۰۵")
    assert "reads the same" in _text(owner.post(CREATE, _terms(plan)))
    assert DiscountCampaign.objects.count() == 1


def test_the_list_tells_states_uses_and_what_they_saved(plan, owner):
    now = dt.datetime.now(dt.UTC)
    make_campaign(plan, name="First", code="first", uses_at_most=1)
    make_campaign(plan, name="Later", starts_at=now + ONE_DAY, ends_at=now + 2 * ONE_DAY)
    toggle_campaign(campaign_id=make_campaign(plan, name="Stopped").pk, actor=None)
    make_campaign(plan, name="Open", code="open")
    with time_machine.travel(now - 3 * ONE_DAY):
        make_campaign(plan, name="Past")
    for code in ("first", "open", "open"):
        subscribe(candidate=make_candidate(), plan_code="basic", campaign_code=code, actor=None)

    rows = re.findall(r"<tr>(.*?)</tr>", _text(owner.get(LIST)).partition("<tbody>")[2], re.DOTALL)
    cells = [[strip_tags(cell).strip() for cell in re.findall(r"<td.*?</td>", row, re.DOTALL)] for row in rows]
    shown = {name: tuple(others[-4:-1]) for name, *others in cells}

    assert f'href="{CREATE}' in _text(owner.get(LIST))
    assert shown == {
        "First": ("used up", "1 of 1", "200,000"),
        "Later": ("to come", "0", "0"),
        "Stopped": ("off", "0", "0"),
        "Open": ("running", "2", "400,000"),
        "Past": ("over", "0", "0"),
    }


def test_a_switch_asks_first_and_a_page_sent_twice_does_not_switch_back(plan, owner):
    campaign = make_campaign(plan)
    address = f"{LIST}/{campaign.pk}/toggle"

    page = owner.get(address)
    assert _is_on(campaign)
    assert "Nobody can use the code" in _text(page)

    for _time in range(2):
        assert owner.post(address, {"is_active": "0", "reason": "Too many"}).status_code == 302
    assert not _is_on(campaign)
    rows = AuditLog.objects.filter(action="plans.discount_campaign.disable")
    assert [row.details for row in rows] == [{"reason": "Too many"}]

    assert "can be used again" in _text(owner.get(address))
    owner.post(address, {"is_active": "1"})
    assert _is_on(campaign)


def test_a_switch_without_what_was_offered_changes_nothing(plan, owner):
    campaign = make_campaign(plan)
    assert owner.post(f"{LIST}/{campaign.pk}/toggle").status_code == 200
    assert _is_on(campaign)


def test_the_history_tells_each_use(plan, owner):
    campaign = make_campaign(plan, code="told")
    subscribe(candidate=make_candidate(name="Sara"), plan_code="basic", campaign_code="told", actor=None)

    page = _text(owner.get(f"{LIST}/{campaign.pk}/"))

    assert "Sara" in page
    assert "200,000" in page


def test_a_long_history_has_pages(plan, owner, monkeypatch):
    monkeypatch.setattr("plans.campaign_views.USES_PER_PAGE", 1)
    campaign = make_campaign(plan, code="told")
    for name in ("Sara", "Reza"):
        subscribe(candidate=make_candidate(name=name), plan_code="basic", campaign_code="told", actor=None)

    first, second = _text(owner.get(f"{LIST}/{campaign.pk}")), _text(owner.get(f"{LIST}/{campaign.pk}?p=2"))

    assert ("Reza" in first, "Sara" in first) == (True, False)
    assert ("Reza" in second, "Sara" in second) == (False, True)


def test_limited_staff_see_the_uses_of_their_candidates_and_switch_nothing(plan):
    own, other = make_candidate(name="Sara"), make_candidate(name="Reza")
    campaign = make_campaign(plan, code="told")
    for candidate in (own, other):
        subscribe(candidate=candidate, plan_code="basic", campaign_code="told", actor=None)
    client = _client(make_staff(Role.OWNER, candidates=[own]))

    history, campaigns = _text(client.get(f"{LIST}/{campaign.pk}")), client.get(LIST)
    subscriptions = _text(client.get("/admin/plans/subscription/"))

    assert ("Sara" in history, "Reza" in history) == (True, False)
    assert ("Sara" in subscriptions, "Reza" in subscriptions) == (True, False)
    assert [row.seen_uses for row in campaigns.context["cl"].result_list] == [1]
    assert f"{campaign.pk}/toggle" not in _text(campaigns)
    assert f'href="{CREATE}' not in _text(campaigns)
    assert client.get(CREATE).status_code == 403
    assert client.post(f"{LIST}/{campaign.pk}/toggle", {"is_active": "0"}).status_code == 403


@pytest.mark.parametrize("role", Role)
def test_roles(plan, role):
    campaign = make_campaign(plan)
    client = _client(make_staff(role))
    may_look = role != Role.OPERATIONS
    may_change = role in (Role.OWNER, Role.RELEASE_MANAGER)

    for address in (LIST, f"{LIST}/", f"{LIST}/{campaign.pk}", f"{LIST}/{campaign.pk}/"):
        assert (client.get(address).status_code == 200) is may_look, address
    for address in (CREATE, f"{CREATE}/", f"{LIST}/{campaign.pk}/toggle", f"{LIST}/{campaign.pk}/toggle/"):
        assert (client.get(address).status_code == 200) is may_change, address
    assert (client.post(f"{LIST}/{campaign.pk}/toggle", {"is_active": "0"}).status_code == 302) is may_change
    assert _is_on(campaign) is not may_change


def test_strangers_are_sent_to_the_sign_in(plan):
    campaign = make_campaign(plan)
    for client in (Client(), sign_in(make_staff(Role.OWNER), verified=False)):
        for address in (LIST, CREATE, f"{LIST}/{campaign.pk}", f"{LIST}/{campaign.pk}/toggle"):
            assert client.get(address).status_code == 302
            assert client.post(address).status_code == 302


def test_a_forged_request_is_refused(plan):
    campaign, user = make_campaign(plan), make_staff(Role.OWNER)
    client = sign_in(user)
    client.handler.enforce_csrf_checks = True
    assert client.post(f"{LIST}/{campaign.pk}/toggle", {"is_active": "0"}).status_code == 403
    assert _is_on(campaign)


@pytest.mark.parametrize("number", ["0", "999999999999999999"])
def test_what_is_not_there_is_not_found(owner, number):
    assert owner.get(f"{LIST}/{number}").status_code == 404
    assert owner.get(f"{LIST}/{number}/toggle").status_code == 404


def test_the_admins_own_page_of_a_campaign_is_its_history(plan, owner):
    campaign = make_campaign(plan)
    response = owner.get(f"/admin/plans/discountcampaign/{campaign.pk}/change/")
    assert response.url.rstrip("/") == f"{LIST}/{campaign.pk}"


def test_names_are_shown_as_text(plan, owner):
    campaign = make_campaign(plan, name="<script>alert(1)</script>")
    for address in (LIST, f"{LIST}/{campaign.pk}", f"{LIST}/{campaign.pk}/toggle"):
        assert "<script>alert" not in _text(owner.get(address))


def test_subscriptions_are_looked_at_only(plan, owner):
    make_campaign(plan, code="told")
    subscription = subscribe(candidate=make_candidate(), plan_code="basic", campaign_code="told", actor=None)
    page = owner.get(f"/admin/plans/subscription/{subscription.pk}/change/")
    assert "800,000" in _text(page)
    assert owner.get("/admin/plans/subscription/add/").status_code == 403
    assert owner.post(f"/admin/plans/subscription/{subscription.pk}/change/", {}).status_code == 403
