"""The texts of bots in a real Chromium, in both directions."""

import pytest
from django.urls import reverse

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from bots.models import BotText

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("language", ["fa", "en"])
def test_a_text_is_previewed_and_kept(browser_page, live_server, language, tmp_path):
    candidate = make_candidate("tehran", name="رضا رضایی")
    browser_page.sign_in_as(live_server.url, sign_in(make_staff(Role.OWNER, username="owner")).session.session_key)
    browser_page.read_in(live_server.url, language)
    page = browser_page.page
    page.goto(live_server.url + reverse("bots-staff:texts", args=[candidate.pk]))
    assert page.locator(".chat-message").count() > 40
    page.goto(live_server.url + reverse("bots-staff:text", args=[candidate.pk, "welcome", "fa"]))
    page.fill("textarea[name=text]", "سلام {first_name}، {candidate} اینجاست")
    page.click("input[name=preview]")
    assert "سلام مریم، رضا رضایی اینجاست" in page.inner_text(".chat")
    assert page.locator(".chat-buttons li").count() == 5
    page.screenshot(path=tmp_path / f"text-{language}.png")
    page.click("input[name=keep]")
    assert BotText.objects.get().text == "سلام {first_name}، {candidate} اینجاست"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert browser_page.problems == []
