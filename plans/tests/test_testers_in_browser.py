"""Beta testers in a real Chromium, in Persian: the candidate is looked up by typing, and leaves again."""

import pytest

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from plans.models import BetaTester, Stage
from plans.testing import make_plan

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


def test_a_tester_is_looked_up_added_and_removed(browser_page, live_server):
    plan = make_plan("standard", stage=Stage.DRAFT)
    make_candidate("sara", name="سارا احمدی")
    make_candidate("reza", name="رضا کریمی")
    manager = sign_in(make_staff(Role.RELEASE_MANAGER))
    browser_page.sign_in_as(live_server.url, manager.cookies["sessionid"].value)
    browser_page.read_in(live_server.url, "fa")
    page = browser_page.page

    page.goto(f"{live_server.url}/admin/beta-testers")
    page.locator(".object-tools .addlink").click()
    page.locator("#id_plan").select_option(str(plan.pk))
    page.locator(".select2-selection").click()
    page.locator(".select2-search__field").fill("سارا")
    page.locator(".select2-results__option", has_text="سارا احمدی").click()
    page.locator(".submit-row input").click()
    page.wait_for_url("**/admin/beta-testers")
    assert page.locator("#result_list tbody tr").count() == 1
    assert BetaTester.objects.get().candidate.code == "sara"

    page.locator("#result_list .field-removal a").click()
    page.locator("#id_reason").fill("پایان آزمون")
    page.locator("form [type=submit]").last.click()
    page.wait_for_url("**/admin/beta-testers")
    assert BetaTester.objects.get().exit_reason == "پایان آزمون"
    assert browser_page.problems == []


def test_a_pasted_list_is_looked_through_and_confirmed(browser_page, live_server):
    plan = make_plan("standard", stage=Stage.DRAFT)
    make_candidate("sara", name="سارا احمدی")
    make_candidate("reza", name="رضا کریمی")
    manager = sign_in(make_staff(Role.RELEASE_MANAGER))
    browser_page.sign_in_as(live_server.url, manager.cookies["sessionid"].value)
    browser_page.read_in(live_server.url, "fa")
    page = browser_page.page

    page.goto(f"{live_server.url}/admin/beta-testers/add")
    page.locator("#id_plan").select_option(str(plan.pk))
    page.locator("#id_listed").fill("sara\nغریبه\nرضا کريمي")
    page.locator(".submit-row input").click()
    assert "سارا احمدی" in page.locator(".named").inner_text()
    assert "غریبه" in page.locator(".errorlist").inner_text()
    assert not BetaTester.objects.exists()

    page.locator(".submit-row input").click()
    page.wait_for_url("**/admin/beta-testers")
    assert page.locator("#result_list tbody tr").count() == 2
    assert browser_page.problems == []
