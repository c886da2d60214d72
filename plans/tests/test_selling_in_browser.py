"""Selling in a real Chromium, in Persian: the candidate is looked up, the price shown, the plan sold and ended."""

import pytest

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from plans.models import Subscription
from plans.testing import make_campaign, make_plan

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


def test_a_plan_is_sold_with_a_discount_and_ended(browser_page, live_server):
    make_campaign(make_plan(price_rials=1_000_000), code="NOWRUZ-1405", kind="percent", value=20)
    make_candidate("sara", name="سارا احمدی")
    make_candidate("reza", name="رضا کریمی")
    manager = sign_in(make_staff(Role.RELEASE_MANAGER))
    browser_page.sign_in_as(live_server.url, manager.cookies["sessionid"].value)
    browser_page.read_in(live_server.url, "fa")
    page = browser_page.page

    page.goto(f"{live_server.url}/admin/plans/subscription/")
    page.locator(".object-tools .addlink").click()
    page.locator(".select2-selection").click()
    page.locator(".select2-search__field").fill("سارا")
    page.locator(".select2-results__option", has_text="سارا احمدی").click()
    page.locator(".submit-row input").click()
    page.locator("#id_plan input").check()
    page.locator("#id_campaign_code").fill("nowruz ۱۴۰۵")
    page.locator(".submit-row input").click()
    assert "800" in page.locator("#content-main strong").inner_text()
    assert not Subscription.objects.exists()

    page.locator(".submit-row input").click()
    page.wait_for_url("**/admin/plans/subscription/*/change/")
    assert Subscription.objects.get().price_rials == 800_000

    page.locator(".object-tools a[href$='/end']").click()
    page.locator("#id_reason").fill("انصراف")
    page.locator(".submit-row input").click()
    page.wait_for_url("**/admin/plans/subscription/*/change/")
    assert Subscription.objects.get().ended_at is not None
    assert browser_page.problems == []
