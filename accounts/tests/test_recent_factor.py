"""Dangerous pages ask for the second factor again once it was shown more than 15 minutes ago."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages import get_messages
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from accounts.models import AuthenticatorDevice, BackupCode, User
from accounts.recent_factor import RECENT_SECONDS, two_factor_required
from accounts.roles import Role
from accounts.services import make_backup_codes
from accounts.testing import make_staff, sign_in
from accounts.tests.otp import app_code

STAFF = "/admin/accounts/user/"
VERIFY = "/admin/second-factor/verify"
ENROL = "/admin/second-factor/enrol"
CODES = "/admin/second-factor/backup-codes"
JUST_RECENT, TOO_OLD = RECENT_SECONDS - 5, RECENT_SECONDS

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return make_staff(Role.OWNER)


@pytest.fixture
def colleague() -> User:
    return make_staff(username="ali")


@pytest.fixture
def stale(owner: User) -> Client:
    client = sign_in(owner, factor_age_seconds=TOO_OLD)
    client.cookies["django_language"] = "en"
    return client


def is_led_to_verify(response: Any) -> bool:
    return bool(response.status_code == 302 and response["Location"].startswith(f"{VERIFY}?next="))


def show_factor(client: Client, user: User, response: Any) -> Any:
    """Follow to the second factor and show it; gives where it leads."""
    device = AuthenticatorDevice.objects.get(user=user)
    page = client.get(response["Location"])
    wanted = page.context["next"]
    return client.post(VERIFY, {"code": app_code(device), "next": wanted})


@pytest.mark.parametrize("page", ["add/", "{}/change/", "{}/password/"])
def test_a_dangerous_page_leads_to_the_second_factor_and_back(
    owner: User, colleague: User, stale: Client, page: str
) -> None:
    address = STAFF + page.format(colleague.pk)

    response = stale.get(address)

    assert is_led_to_verify(response)
    assert "second factor again" in stale.get(response["Location"]).content.decode()
    assert show_factor(stale, owner, response)["Location"] == address
    assert stale.get(address).status_code == 200


@pytest.mark.parametrize("age", [0, JUST_RECENT])
def test_a_recent_factor_is_enough(owner: User, colleague: User, age: int) -> None:
    assert sign_in(owner, factor_age_seconds=age).get(f"{STAFF}{colleague.pk}/change/").status_code == 200


def test_it_grows_old_while_the_session_goes_on(owner: User, colleague: User) -> None:
    with time_machine.travel(dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC), tick=False) as clock:
        client = sign_in(owner)
        clock.shift(RECENT_SECONDS - 1)
        assert client.get(f"{STAFF}{colleague.pk}/change/").status_code == 200
        clock.shift(1)
        assert is_led_to_verify(client.get(f"{STAFF}{colleague.pk}/change/"))


def test_what_is_sent_with_a_stale_factor_is_not_done_and_has_to_be_sent_again(
    owner: User, colleague: User, stale: Client
) -> None:
    address = f"{STAFF}{colleague.pk}/change/"
    form = {"username": "changed", "is_active": "on", "scopes-TOTAL_FORMS": "0", "scopes-INITIAL_FORMS": "0"}

    response = stale.post(address, form)

    colleague.refresh_from_db()
    assert colleague.username == "ali"
    assert show_factor(stale, owner, response)["Location"] == address
    assert "Send the form again." in stale.get(address).content.decode()
    assert stale.post(address, form).status_code == 302
    colleague.refresh_from_db()
    assert colleague.username == "changed"


def test_an_action_with_a_stale_factor_is_not_done(colleague: User, stale: Client) -> None:
    AuthenticatorDevice.objects.create(user=colleague)
    chosen = {"action": "reset_second_factors", "_selected_action": [colleague.pk], "confirmed": "1", "reason": "lost"}

    assert is_led_to_verify(stale.post(STAFF, chosen))
    assert AuthenticatorDevice.objects.filter(user=colleague).exists()


def test_a_password_of_somebody_else_is_not_set_with_a_stale_factor(colleague: User, stale: Client) -> None:
    before = colleague.password

    stale.post(f"{STAFF}{colleague.pk}/password/", {"password1": "Zebra, 7 lanterns", "password2": "Zebra, 7 lanterns"})

    colleague.refresh_from_db()
    assert colleague.password == before


def test_reading_asks_for_nothing(owner: User, stale: Client) -> None:
    auditor = sign_in(make_staff(Role.AUDITOR), factor_age_seconds=TOO_OLD)

    assert stale.get(STAFF).status_code == 200
    assert auditor.get(f"{STAFF}{owner.pk}/change/").status_code == 200


def test_who_may_not_is_told_so_at_once() -> None:
    client = sign_in(make_staff(Role.SUPPORT), factor_age_seconds=TOO_OLD)

    assert client.get(f"{STAFF}add/").status_code == 403


def test_replacing_the_authenticator_app_asks_again(owner: User, stale: Client) -> None:
    response = stale.get(ENROL)

    assert is_led_to_verify(response)
    assert show_factor(stale, owner, response)["Location"] == ENROL
    assert stale.get(ENROL).status_code == 200


def test_making_backup_codes_takes_a_code_of_now_in_any_case(owner: User) -> None:
    client = sign_in(owner)
    old = make_backup_codes(user=owner, actor=owner)

    client.post(CODES, {})

    assert BackupCode.objects.count() == len(old)


def test_a_code_shown_for_backup_codes_counts_as_shown_lately(owner: User, stale: Client) -> None:
    stale.post(CODES, {"code": app_code(AuthenticatorDevice.objects.get(user=owner))})

    assert stale.get(ENROL).status_code == 200


def answer_of(view: Callable[[HttpRequest], HttpResponse], client: Client | None) -> HttpResponse:
    """What `view` answers to this browser, by way of a page that the middleware lets through."""
    request = RequestFactory().post("/somewhere?page=2")
    request.user = AnonymousUser()
    if client:
        request = client.get("/admin/").wsgi_request
    return view(request)


@two_factor_required
def dangerous(request: HttpRequest) -> HttpResponse:
    return HttpResponse("done")


def test_the_decorator_opens_a_view_to_a_recent_factor_only(owner: User) -> None:
    assert answer_of(dangerous, sign_in(owner)).content == b"done"
    assert is_led_to_verify(answer_of(dangerous, sign_in(owner, factor_age_seconds=TOO_OLD)))
    assert is_led_to_verify(answer_of(dangerous, sign_in(owner, verified=False)))
    assert answer_of(dangerous, sign_in(make_staff(), verified=False))["Location"].startswith(ENROL)
    assert answer_of(dangerous, None)["Location"] == "/admin/login/?next=/somewhere%3Fpage%3D2"


def test_only_a_verified_person_is_told_of_the_15_minutes(owner: User) -> None:
    request = sign_in(owner, verified=False).get("/admin/").wsgi_request

    dangerous(request)

    assert not list(get_messages(request))
