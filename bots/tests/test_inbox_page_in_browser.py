"""The state of the inbox in a real Chromium, in both languages."""

import json

import pytest
from django.urls import reverse

from accounts.roles import Role
from accounts.testing import make_staff, sign_in
from bots.models import InboundUpdate
from bots.services.inbox import store_updates
from bots.tests.updates import message

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser"), pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("language", "direction"), [("fa", "rtl"), ("en", "ltr")])
def test_operators_see_whose_updates_wait_and_the_parts(bot, browser_page, live_server, language, direction):
    bodies = [json.dumps(message("x")).encode() for _update in range(12)]
    store_updates(bot=bot, bodies=bodies, source=InboundUpdate.Source.WEBHOOK)
    client = sign_in(make_staff(Role.OPERATIONS))
    browser_page.sign_in_as(live_server.url, client.cookies["sessionid"].value)
    page = browser_page.page
    page.context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
    page.goto(live_server.url + reverse("bots-staff:inbox"))
    assert page.locator("#content-main table").count() == 3
    assert bot.name in page.inner_text("#content-main")
    assert page.get_attribute("html", "dir") == direction
    assert browser_page.problems == []
