"""From outside the allowed networks there is no admin."""

import datetime as dt

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.models import AllowedNetwork
from accounts.roles import Role
from accounts.testing import PASSWORD, make_staff, sign_in
from audit.models import AuditLog

pytestmark = pytest.mark.django_db

INSIDE = "192.0.2.10"
OUTSIDE = "203.0.113.9"
BELOW_ADMIN = (
    "/admin", "/admin/", "/admin//", "/admin/login", "/admin/login/", "/admin/logout/", "/admin/nowhere/",
    "/admin/second-factor/verify", "/admin/exports/bot-users", "/admin/accounts/user/", "/admin/jsi18n/", "/",
)  # fmt: skip


@pytest.fixture
def office():
    return AllowedNetwork.objects.create(network="192.0.2.0/24")


def anonymous_parts(response):
    """What a client can tell two responses apart by, but for what differs in any two."""
    headers = {name: value for name, value in response.headers.items() if name != "X-Request-ID"}
    policy = headers.pop("Content-Security-Policy", "")
    return response.status_code, response.content, headers, sorted(policy.split("nonce-")[0]), response.cookies.output()


@pytest.mark.parametrize("path", BELOW_ADMIN)
@pytest.mark.parametrize("method", ["get", "post", "head"])
def test_from_outside_every_address_of_the_admin_is_an_unknown_one(office, path, method):
    outside = Client(REMOTE_ADDR=OUTSIDE)
    refused = getattr(outside, method)(path)
    assert refused.status_code == 404
    assert anonymous_parts(refused) == anonymous_parts(getattr(outside, method)("/no-such-page"))


def test_from_outside_the_right_password_opens_nothing(office):
    make_staff(Role.OWNER, username="mina")
    response = Client(REMOTE_ADDR=OUTSIDE).post("/admin/login/", {"username": "mina", "password": PASSWORD})
    assert response.status_code == 404
    assert not response.cookies
    assert not AuditLog.objects.filter(action__startswith="accounts.session").exists()


def test_from_outside_a_session_that_was_opened_inside_opens_nothing(office):
    client = sign_in(make_staff(Role.OWNER))
    assert client.get("/admin/", REMOTE_ADDR=INSIDE).status_code == 200
    assert client.get("/admin/", REMOTE_ADDR=OUTSIDE).status_code == 404


def test_from_inside_the_sign_in_opens(office):
    assert Client(REMOTE_ADDR=INSIDE).get("/admin/login/").status_code == 200
    assert Client(REMOTE_ADDR=f"::ffff:{INSIDE}").get("/admin/login/").status_code == 200


def test_what_is_public_stays_so(office):
    outside = Client(REMOTE_ADDR=OUTSIDE)
    assert outside.get("/health/live").status_code == 200
    assert outside.post("/webhook/tehran/unknown").status_code == 404
    icon = outside.get("/static/electionsite/icon.svg")
    icon.close()
    assert icon.status_code == 200


def test_an_empty_list_is_open():
    assert Client(REMOTE_ADDR=OUTSIDE).get("/admin/login/").status_code == 200


def test_a_change_of_the_list_holds_at_once(office):
    client = Client(REMOTE_ADDR=OUTSIDE)
    assert client.get("/admin/login/").status_code == 404
    home = AllowedNetwork.objects.create(network="203.0.113.0/24")
    assert client.get("/admin/login/").status_code == 200
    home.delete()
    assert client.get("/admin/login/").status_code == 404


def test_a_client_without_an_address_is_outside(office):
    assert Client(REMOTE_ADDR="").get("/admin/login/").status_code == 404


@pytest.mark.parametrize(
    ("proxies", "connected_from", "forwarded_for", "status"),
    [
        (0, INSIDE, "", 200),
        (0, OUTSIDE, INSIDE, 404),
        (1, "10.0.0.1", INSIDE, 200),
        (1, "10.0.0.1", OUTSIDE, 404),
        (1, "10.0.0.1", f"{INSIDE}, {OUTSIDE}", 404),
        (1, "10.0.0.1", "", 404),
        (2, "10.0.0.1", f"{INSIDE}, 10.0.0.2", 200),
        (2, "10.0.0.1", f"{INSIDE}, {OUTSIDE}, 10.0.0.2", 404),
        (2, "10.0.0.1", INSIDE, 404),
    ],
    ids=[
        "no proxy, inside",
        "no proxy, forged header",
        "one proxy, inside",
        "one proxy, outside",
        "one proxy, forged entry",
        "one proxy, no header",
        "two proxies, inside",
        "two proxies, forged entry",
        "two proxies, one was left out",
    ],
)
def test_only_our_own_proxies_say_who_is_inside(office, settings, proxies, connected_from, forwarded_for, status):
    settings.TRUSTED_PROXY_COUNT = proxies
    headers = {"HTTP_X_FORWARDED_FOR": forwarded_for} if forwarded_for else {}
    assert Client(REMOTE_ADDR=connected_from, **headers).get("/admin/login/").status_code == status


def test_a_refusal_is_noted_once_a_minute_for_each_address(office):
    def noted():
        return list(AuditLog.objects.filter(action="security.network.refused").order_by("pk"))

    with time_machine.travel(timezone.now().replace(second=10), tick=False) as clock:
        for path in ("/admin/", "/admin/login/", "/admin/"):
            Client(REMOTE_ADDR=OUTSIDE).get(path)
        assert [(row.address, row.details["path"]) for row in noted()] == [(OUTSIDE, "/admin/")]
        Client(REMOTE_ADDR="203.0.113.77").get("/admin/")
        assert len(noted()) == 2
        clock.shift(dt.timedelta(minutes=1))
        Client(REMOTE_ADDR=OUTSIDE).get("/admin/")
        assert (len(noted()), noted()[-1].details["refused_before"]) == (3, 2)
