"""A release track in a real Chromium, in Persian: made, filled, started, and its step taken by hand."""

import pytest

from accounts.roles import Role
from accounts.testing import make_staff, sign_in
from plans.models import ReleaseTrack, Stage
from plans.testing import make_plan
from plans.tests.tracks import on_sale

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


def test_a_track_is_made_filled_started_and_its_step_taken(browser_page, live_server, watch):
    plans = [make_plan(code, stage=Stage.DRAFT) for code in ("basic", "standard")]
    manager = sign_in(make_staff(Role.RELEASE_MANAGER))
    browser_page.sign_in_as(live_server.url, manager.cookies["sessionid"].value)
    browser_page.read_in(live_server.url, "fa")
    page = browser_page.page

    page.goto(f"{live_server.url}/admin/plans/release-manager")
    page.locator('.object-tools a[href$="/admin/plans/tracks"]').click()
    page.locator("#id_name").fill("بهار")
    page.locator(".submit-row input").click()
    for plan in plans:
        page.locator('a[href$="/steps/add"]').click()
        page.locator("#id_plan").select_option(str(plan.pk))
        page.locator("#id_purchases_at_least").fill("10")
        page.locator(".submit-row input").click()
    page.locator("button[value=resume]").click()
    assert ReleaseTrack.objects.get().state == ReleaseTrack.State.RUNNING
    page.locator(".is-here button[value=take]").click()
    assert on_sale() == ["basic"]
    assert page.locator(".is-past").count() == 1
    assert page.locator(".is-here .is-fails").count() == 2
    assert browser_page.problems == []
