"""No page of the admin without sign-in and second factor."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils.regex_helper import normalize

from accounts.models import AuthenticatorDevice
from accounts.roles import Role
from accounts.testing import make_staff, sign_in

pytestmark = pytest.mark.django_db

SIGN_IN, SIGN_OUT = "/admin/login/", "/admin/logout/"
OPEN_TO_UNVERIFIED = {
    f"/admin/second-factor/{page}"
    for page in ("verify", "verify/passkey/begin", "verify/passkey/finish", "enrol", "sign-out")
}
UNKNOWN = ["/admin/nowhere", "/admin/nowhere/", "/admin/plans/api/nowhere", "/admin"]


def addresses(patterns: list[URLPattern | URLResolver], prefix: str = "/") -> Iterator[str]:
    """An address for each route, with 1 for every argument."""
    for pattern in patterns:
        route, arguments = normalize(pattern.pattern.regex.pattern)[0]
        address = prefix + route % dict.fromkeys(arguments, "1")
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern.url_patterns, address)
        else:
            yield address


def admin_addresses() -> list[str]:
    found = {address for address in addresses(get_resolver().url_patterns) if address.startswith("/admin/")}
    return sorted(found | set(UNKNOWN))


def test_the_walk_finds_the_admins_own_pages() -> None:
    found = set(admin_addresses())

    assert {"/admin/", "/admin/jsi18n/", "/admin/autocomplete/", "/admin/password_change/"} <= found
    assert {"/admin/accounts/candidate/1/change/", "/admin/accounts/user/1/password/"} <= found
    assert "/admin/second-factor/backup-codes" in found


@pytest.mark.parametrize("method", ["get", "post"])
def test_every_admin_address_sends_an_unverified_session_to_its_second_factor(method: str) -> None:
    user = make_staff(Role.OWNER)
    AuthenticatorDevice.objects.create(user=user)
    client = sign_in(user, verified=False)

    for address in admin_addresses():
        if address in {SIGN_IN, SIGN_OUT} | OPEN_TO_UNVERIFIED:
            continue
        response = getattr(client, method)(address)
        assert response.status_code == 302, address
        assert response["Location"].startswith(reverse("accounts:verify")), address


def test_every_admin_address_sends_a_stranger_to_the_sign_in_page() -> None:
    client = Client()

    for address in admin_addresses():
        if address == SIGN_IN:
            continue
        response = client.get(address)
        assert response.status_code == 302, address
        assert response["Location"].startswith("/admin/login/"), address


def test_somebody_without_a_factor_is_led_to_enrolment_and_keeps_the_way() -> None:
    client = sign_in(make_staff(), verified=False)

    response = client.get("/admin/accounts/candidate/?q=x")

    assert response["Location"] == "/admin/second-factor/enrol?next=%2Fadmin%2Faccounts%2Fcandidate%2F%3Fq%3Dx"


def test_a_verified_session_gets_in() -> None:
    assert sign_in(make_staff(Role.OWNER)).get("/admin/").status_code == 200


def test_the_sign_in_page_leads_somebody_half_signed_in_on_to_the_other_half() -> None:
    client = sign_in(make_staff(), verified=False)

    response = client.get("/admin/login/?next=/admin/accounts/candidate/")

    assert response["Location"] == "/admin/second-factor/enrol?next=%2Fadmin%2Faccounts%2Fcandidate%2F"


@pytest.mark.parametrize("address", [SIGN_OUT, "/admin/second-factor/sign-out"])
@pytest.mark.parametrize("verified", [False, True])
def test_signing_out_works_with_and_without_a_second_factor(address: str, verified: bool) -> None:
    client = sign_in(make_staff(), verified=verified)

    client.post(address, follow=True)

    assert "_auth_user_id" not in client.session


def test_signing_out_needs_the_pages_token() -> None:
    client = sign_in(make_staff(), verified=False)
    client.handler.enforce_csrf_checks = True

    assert client.post("/admin/second-factor/sign-out").status_code == 403


def test_a_session_verified_by_somebody_elses_device_is_not_verified() -> None:
    client = sign_in(make_staff())
    session = client.session
    session["otp_device_id"] = AuthenticatorDevice.objects.create(user=make_staff()).persistent_id
    session.save()

    assert client.get("/admin/").status_code == 302


def test_a_session_is_not_verified_by_an_unconfirmed_device() -> None:
    user = make_staff()
    client = sign_in(user, verified=False)
    session = client.session
    session["otp_device_id"] = AuthenticatorDevice.objects.create(user=user, confirmed=False).persistent_id
    session.save()

    assert client.get("/admin/").status_code == 302


def test_the_admin_site_itself_grants_an_unverified_session_nothing() -> None:
    context = sign_in(make_staff(Role.OWNER), verified=False).get("/admin/second-factor/enrol").context

    assert context["has_permission"] is False
    assert context["available_apps"] == []
