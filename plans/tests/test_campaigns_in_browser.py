"""Discount campaigns in a real Chromium, in Persian: made, looked at, switched off."""

import pytest

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from plans.models import DiscountCampaign
from plans.services import subscribe
from plans.testing import make_plan

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


def test_a_campaign_is_made_used_and_switched_off(browser_page, live_server):
    make_plan()
    manager = sign_in(make_staff(Role.RELEASE_MANAGER))
    browser_page.sign_in_as(live_server.url, manager.cookies["sessionid"].value)
    browser_page.read_in(live_server.url, "fa")
    page = browser_page.page

    page.goto(f"{live_server.url}/admin/discount-campaigns")
    page.locator(".object-tools .addlink").click()
    page.locator("#id_name").fill("نوروز")
    page.locator("#id_code").fill("نوروز-۱۴۰۵")
    page.locator("#id_value").fill("۲۰")
    page.locator("#id_plans input").check()
    page.locator("#id_starts_at").fill("۱۴۰۴/۰۹/۰۱ ۱۰:۰۰")
    page.locator("#id_ends_at").fill("۱۴۹۹/۰۱/۱۴ ۰۰:۰۰")
    page.locator(".submit-row input").click()
    page.wait_for_url("**/admin/discount-campaigns")
    assert DiscountCampaign.objects.get().code_key == "نوروز1405"

    subscribe(candidate=make_candidate(name="سارا"), plan_code="basic", campaign_code="نوروز 1405", actor=None)
    page.locator("#result_list .field-name_shown a").click()
    assert "سارا" in page.locator("#content-main").inner_text()

    page.locator(".object-tools a").click()
    page.locator("#id_reason").fill("پایان")
    page.locator("#content form [type=submit]").click()
    page.wait_for_url("**/admin/discount-campaigns")
    assert not DiscountCampaign.objects.get().is_active
    assert browser_page.problems == []
