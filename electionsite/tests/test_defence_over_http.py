"""The layers of defence together, over real HTTP against gunicorn, while Redis comes and goes."""

import re
from collections.abc import Callable

import httpx
import pytest
from django.core.management import call_command

from accounts.models import AuthenticatorDevice, User
from accounts.roles import Role
from accounts.testing import PASSWORD, make_staff
from accounts.tests.otp import app_code
from audit.models import AuditLog
from audit.seals.sealing import seal_new_rows
from audit.seals.verification import verify_log
from common.testing.own_servers import OwnServer

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SIGN_IN = "/admin/login/"
VERIFY = "/admin/second-factor/verify"
HEADERS = (
    "Content-Security-Policy", "Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy", "Permissions-Policy",
    "Referrer-Policy", "X-Content-Type-Options", "X-Frame-Options", "X-Request-ID",
)  # fmt: skip


@pytest.fixture
def owner() -> User:
    user = make_staff(Role.OWNER, username="owner")
    AuthenticatorDevice.objects.create(user=user, confirmed=True)
    return user


@pytest.fixture
def site(start_gunicorn: Callable[..., str]) -> str:
    return start_gunicorn(workers=2)


def send(browser: httpx.Client, page: str, **values: str) -> httpx.Response:
    """Open the page's form and send it, as a browser does."""
    shown = browser.get(page, follow_redirects=True)
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', shown.text)
    assert token, shown.text
    return browser.post(page, data={"csrfmiddlewaretoken": token[1], **values}, headers={"Referer": str(shown.url)})


def sign_in(browser: httpx.Client, *, password: str = PASSWORD) -> httpx.Response:
    return send(browser, SIGN_IN, username="owner", password=password)


def open_browser(site: str) -> httpx.Client:
    return httpx.Client(base_url=site, trust_env=False, timeout=20)


def test_somebody_works_on_while_redis_is_away(site: str, owner: User, own_redis: OwnServer) -> None:
    with open_browser(site) as browser:
        assert sign_in(browser).status_code == 302
        assert browser.get("/admin/").headers["Location"].startswith(VERIFY)  # half signed in is not in
        device = AuthenticatorDevice.objects.get(user=owner)
        assert send(browser, VERIFY, code=app_code(device)).status_code == 302
        assert browser.get("/admin/").status_code == 200

        own_redis.stop()
        assert browser.get("/admin/").status_code == 200
        assert browser.post(SIGN_IN).status_code == 403  # CSRF doesn't lean on Redis

        own_redis.start()
        assert browser.get("/admin/").status_code == 200


def test_five_wrong_passwords_lock_whatever_redis_does(site: str, owner: User, own_redis: OwnServer) -> None:
    with open_browser(site) as browser:
        for attempt in range(5):
            if attempt == 2:
                own_redis.stop()
            if attempt == 4:
                own_redis.start()
            sign_in(browser, password=f"wrong {attempt}")
        locked = sign_in(browser)
        assert locked.status_code == 429
        assert 0 < int(locked.headers["Retry-After"]) <= 15 * 60

        call_command("unlock_sign_in", "owner")
        assert sign_in(browser).status_code == 302

    actions = list(AuditLog.objects.order_by("id").values_list("action", flat=True))
    assert actions.count("accounts.session.refused") == 6  # what came while locked is recorded, too
    for action in ("accounts.sign_in.lock", "accounts.sign_in.unlock", "accounts.session.signed_in"):
        assert actions.count(action) == 1


def test_every_answer_carries_the_headers(site: str) -> None:
    with open_browser(site) as browser:
        for path in ("/", SIGN_IN, "/admin/", "/nowhere", "/health", "/csp-report", "/static/admin/css/base.css"):
            headers = browser.get(path).headers
            assert [name for name in HEADERS if name not in headers] == [], path


def test_what_was_done_can_be_told_by_request_and_verified(site: str, owner: User) -> None:
    with open_browser(site) as browser:
        request_id = sign_in(browser).headers["X-Request-ID"]
    row = AuditLog.objects.get(action="accounts.session.signed_in")
    assert (row.request_id, row.address, row.actor_id) == (request_id, "127.0.0.1", owner.pk)
    assert row.agent.startswith("python-httpx")
    assert row.session_id

    seal_new_rows()
    assert verify_log().findings == []
