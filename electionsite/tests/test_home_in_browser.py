"""The home page in a real Chromium, with demo data. With STORE_SCREENSHOTS=1 it draws the first picture of README."""

import os

import pytest
from django.core.management import call_command

from accounts.roles import Role
from accounts.testing import make_staff, sign_in
from audit.tasks import seal
from bots.testing import CAMPAIGN
from common.environment import PROJECT_DIR

PICTURE = PROJECT_DIR / "docs" / "images" / "admin-home.png"

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


def test_the_home_page_shows_what_needs_me_and_leads_to_the_release_manager(browser_page, live_server):
    call_command("make_demo_data")
    call_command("replay_updates", CAMPAIGN, create_missing=True)
    call_command("project_updates")
    call_command("maintain_partitions")
    seal()
    browser_page.sign_in_as(live_server.url, sign_in(make_staff(Role.OWNER, username="owner")).session.session_key)
    browser_page.read_in(live_server.url, "fa")
    page = browser_page.page
    page.set_viewport_size({"width": 1280, "height": 860})
    page.goto(f"{live_server.url}/admin/")
    if os.environ.get("STORE_SCREENSHOTS"):
        page.screenshot(path=PICTURE)
    assert page.locator(".card", has_text="679").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.locator('.card a[href="/admin/plans/release-manager"]').click()
    page.locator(".stairs").first.wait_for()
    assert browser_page.problems == []
