"""A broadcast is written, sent and watched in a real Chromium, in both languages and on a phone."""

import os

import pytest
from django.urls import reverse

from accounts.roles import Role
from accounts.testing import make_staff, sign_in
from bots.models import Broadcast
from bots.tests.broadcasting import add_people, make_bot, send_all
from common.environment import PROJECT_DIR

PICTURES = PROJECT_DIR / "docs" / "images"
TEXT = "سلام!\nفردا ساعت ۱۸ در پارک شهر منتظر شما هستیم."

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(browser_page, live_server):
    client = sign_in(make_staff(Role.OWNER, username="sara"))
    browser_page.sign_in_as(live_server.url, client.cookies["sessionid"].value)
    browser_page.page.set_viewport_size({"width": 1100, "height": 760})
    browser_page.page.add_init_script("localStorage.setItem('django.admin.navSidebarIsOpen', 'false')")
    yield browser_page.page
    assert browser_page.problems == []


def keep_picture(page, name: str) -> None:
    if os.environ.get("STORE_SCREENSHOTS"):
        page.screenshot(path=PICTURES / f"broadcast-{name}.png", full_page=True)


def test_it_is_written_with_its_audience_in_view_and_watched_to_its_end(page, live_server, telegram, browser_page):
    bot = make_bot(telegram)
    add_people(bot, range(1, 30), telegram, city="tehran")
    add_people(bot, range(30, 33), city="isfahan")
    page.goto(live_server.url + reverse("broadcasts:new"))
    page.select_option("[name=candidate]", str(bot.candidate_id))
    page.fill("[name=title]", "دعوت به پارک شهر")
    page.fill("[name=text]", TEXT)
    page.fill("[name=buttons]", "می‌آیم | come\nنقشه | https://example.org/map")
    page.wait_for_selector("#audience-count:has-text('32')")
    page.select_option("[name=cities]", ["tehran"])
    page.wait_for_selector("#audience-count:has-text('29')")
    assert page.inner_text("#preview-text") == TEXT
    assert page.locator("#preview-buttons li").all_inner_texts() == ["می‌آیم", "نقشه"]
    keep_picture(page, "compose-fa")

    page.fill("[name=quiet_from]", "")
    page.fill("[name=quiet_until]", "")
    page.click("#broadcast-form input[type=submit]")
    page.click("form[action$='/submit'] input[type=submit]")
    broadcast = Broadcast.objects.get()
    assert broadcast.state == "scheduled"
    send_all()
    Broadcast.objects.update(state="sending", finished_at=None)  # as it was a moment ago
    page.reload()
    Broadcast.objects.update(state="done")
    page.wait_for_selector("[data-field=state_label]:has-text('انجام')", timeout=10_000)
    assert page.inner_text("[data-field=sent]") == "29"
    keep_picture(page, "done-fa")

    browser_page.read_in(live_server.url, "en")
    page.set_viewport_size({"width": 390, "height": 800})
    page.reload()
    keep_picture(page, "done-en-phone")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
