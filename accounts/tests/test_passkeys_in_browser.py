"""Passkeys in a real browser, with an authenticator that Chromium simulates."""

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django_otp_webauthn.models import WebAuthnCredential

from accounts.models import StaffSession, User
from accounts.testing import make_staff, sign_in
from common.testing.browser import WatchedPage

if TYPE_CHECKING:
    from playwright.sync_api import CDPSession

OVERVIEW = "/admin/second-factor/"
VERIFY = f"{OVERVIEW}verify"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("browser"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def user() -> User:
    return make_staff(username="sara")


@pytest.fixture
def devtools(browser_page: WatchedPage) -> "CDPSession":
    """The browser's developer tools, with an authenticator that recognises its person."""
    session = browser_page.page.context.new_cdp_session(browser_page.page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def use(browser_page: WatchedPage, url: str, client: Client) -> None:
    """Go on in the browser with the session of `client`, reading English."""
    key = client.session.session_key
    assert key
    browser_page.sign_in_as(url, key)
    browser_page.read_in(url, "en")


def add_passkey(browser_page: WatchedPage, url: str, user: User) -> None:
    use(browser_page, url, sign_in(user))
    page = browser_page.page
    page.goto(url + OVERVIEW)
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Name").fill("My laptop")
    page.get_by_role("button", name="Add passkey").click()
    page.wait_for_url(url + OVERVIEW)


def test_a_passkey_is_added_and_signs_in(
    browser_page: WatchedPage, live_server: Any, user: User, devtools: "CDPSession"
) -> None:
    page, url = browser_page.page, live_server.url
    add_passkey(browser_page, url, user)
    assert "The passkey was added." in page.content()
    assert "My laptop" in page.content()

    page.get_by_role("button", name="Log out").click()
    page.wait_for_load_state()
    assert not StaffSession.objects.live().exists()
    use(browser_page, url, sign_in(user, verified=False))
    page.goto(f"{url}/admin/password_change/")
    assert page.url.startswith(url + VERIFY)
    page.get_by_role("button", name="Use a passkey").click()

    page.wait_for_url(f"{url}/admin/password_change/")
    assert WebAuthnCredential.objects.get().last_used_at
    assert not browser_page.problems


def test_what_the_browser_signed_can_not_be_sent_a_second_time(
    browser_page: WatchedPage, live_server: Any, user: User, devtools: "CDPSession"
) -> None:
    page, url = browser_page.page, live_server.url
    add_passkey(browser_page, url, user)
    use(browser_page, url, sign_in(user, verified=False))
    page.goto(url + VERIFY)
    with page.expect_request(f"**{VERIFY}/passkey/finish*") as seen:
        page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{url}/admin/")
    caught = json.loads(seen.value.post_data or "")
    thief = sign_in(user, verified=False)
    thief.post(f"{VERIFY}/passkey/begin", {}, content_type="application/json")

    answer = thief.post(f"{VERIFY}/passkey/finish", caught, content_type="application/json")

    assert answer.status_code == 400
    assert thief.get("/admin/").status_code == 302


def test_one_authenticator_keeps_one_passkey_of_a_person(
    browser_page: WatchedPage, live_server: Any, user: User, devtools: "CDPSession"
) -> None:
    add_passkey(browser_page, live_server.url, user)
    page = browser_page.page
    page.goto(f"{live_server.url}{OVERVIEW}passkeys/add")

    page.get_by_role("button", name="Add passkey").click()

    page.get_by_text("This device has a passkey of yours already.").wait_for()
    assert WebAuthnCredential.objects.count() == 1


def test_the_foreign_origin_of_the_page_is_refused(
    browser_page: WatchedPage, live_server: Any, user: User, devtools: "CDPSession", settings: Any
) -> None:
    page, url = browser_page.page, live_server.url
    add_passkey(browser_page, url, user)
    settings.IS_PRODUCTION = True  # there only the configured origins count, and this port isn't among them
    use(browser_page, url, sign_in(user, verified=False))
    page.goto(url + VERIFY)

    page.get_by_role("button", name="Use a passkey").click()

    page.get_by_text("This passkey was not accepted.").wait_for()
    page.goto(f"{url}/admin/")
    assert page.url.startswith(url + VERIFY)
