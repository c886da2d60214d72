"""Showing the second factor at sign-in."""

import datetime as dt

import pytest
import time_machine
from django.test import Client

from accounts.models import AuthenticatorDevice, BackupCodeDevice, User
from accounts.services import make_backup_codes
from accounts.testing import PASSWORD, make_staff, sign_in
from accounts.tests.otp import app_code, wrong_code
from audit.models import AuditLog
from common.jalali import persian_digits

VERIFY = "/admin/second-factor/verify"
NOW = dt.datetime(2026, 11, 22, 9, 0, 0, tzinfo=dt.UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return make_staff(username="sara")


@pytest.fixture
def device(user: User) -> AuthenticatorDevice:
    created: AuthenticatorDevice = AuthenticatorDevice.objects.create(user=user)
    return created


@pytest.fixture
def client(user: User, device: AuthenticatorDevice) -> Client:
    return sign_in(user, verified=False)


def show(client: Client, code: str, wanted: str = "") -> int:
    return client.post(VERIFY, {"code": code, "next": wanted}).status_code


def test_from_password_to_the_page_that_was_wanted(user: User, device: AuthenticatorDevice) -> None:
    client = Client()
    wanted = "/admin/password_change/"

    response = client.post(
        f"/admin/login/?next={wanted}", {"username": "sara", "password": PASSWORD, "next": wanted}, follow=True
    )
    assert response.redirect_chain[-1][0] == f"{VERIFY}?next=%2Fadmin%2Fpassword_change%2F"
    assert f'name="next" value="{wanted}"' in response.content.decode()
    response = client.post(VERIFY, {"code": app_code(device), "next": wanted})

    assert response["Location"] == wanted
    assert client.get(wanted).status_code == 200


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_a_way_on_to_another_site_leads_home(client: Client, device: AuthenticatorDevice, wanted: str) -> None:
    response = client.post(VERIFY, {"code": app_code(device), "next": wanted})

    assert response["Location"] == "/admin/"


@pytest.mark.parametrize(("steps", "status"), [(-2, 200), (-1, 302), (0, 302), (1, 302), (2, 200)])
def test_a_code_may_be_one_step_off(client: Client, device: AuthenticatorDevice, steps: int, status: int) -> None:
    with time_machine.travel(NOW, tick=False):
        assert show(client, app_code(device, steps=steps)) == status


def test_a_code_works_once(user: User, device: AuthenticatorDevice, client: Client) -> None:
    with time_machine.travel(NOW, tick=False):
        code = app_code(device)
        assert show(client, code) == 302
        again = sign_in(user, verified=False)

        assert show(again, code) == 200
        assert again.get("/admin/").status_code == 302


@pytest.mark.parametrize("spell", [persian_digits, lambda code: f"{code[:3]} {code[3:]}", lambda code: f" {code} "])
def test_a_code_may_be_typed_as_people_type(client: Client, device: AuthenticatorDevice, spell) -> None:
    assert show(client, spell(app_code(device))) == 302


def test_the_session_gets_a_new_key(client: Client, device: AuthenticatorDevice) -> None:
    before = client.session.session_key

    show(client, app_code(device))

    assert client.session.session_key != before


@pytest.mark.parametrize("spell", [str, str.upper, persian_digits, lambda code: code.replace("-", " ")])
def test_a_backup_code_works_once(user: User, client: Client, spell) -> None:
    code = make_backup_codes(user=user, actor=user)[0]

    response = client.post(VERIFY, {"code": spell(code)}, follow=True)

    assert response.redirect_chain == [("/admin/", 302)]
    assert "۹" in response.content.decode() or "9" in response.content.decode()
    assert show(sign_in(user, verified=False), code) == 200


def test_after_a_wrong_code_the_next_waits_and_is_told_how_long(client: Client, device: AuthenticatorDevice) -> None:
    client.cookies["django_language"] = "en"
    with time_machine.travel(NOW, tick=False) as clock:
        assert show(client, wrong_code(device)) == 200
        response = client.post(VERIFY, {"code": app_code(device)})
        assert response.status_code == 429
        assert response["Retry-After"] == "2"
        assert "Too many wrong codes. Try again in 2 seconds." in response.content.decode()

        clock.shift(2)
        assert show(client, app_code(device)) == 302


def test_wrong_app_codes_do_not_hold_up_backup_codes(user: User, client: Client, device: AuthenticatorDevice) -> None:
    code = make_backup_codes(user=user, actor=user)[0]
    show(client, wrong_code(device))

    assert show(client, code) == 302


def test_wrong_backup_codes_do_not_hold_up_the_app(user: User, client: Client, device: AuthenticatorDevice) -> None:
    make_backup_codes(user=user, actor=user)
    show(client, "aaaaa-aaaaa")

    assert BackupCodeDevice.objects.get().throttling_failure_count == 1
    assert show(client, app_code(device)) == 302


def test_a_backup_code_of_somebody_who_has_none_is_wrong(client: Client) -> None:
    assert show(client, "aaaaa-aaaaa") == 200


def test_another_persons_code_is_wrong(client: Client) -> None:
    other = make_staff()
    theirs = AuthenticatorDevice.objects.create(user=other)

    assert show(client, app_code(theirs)) == 200
    assert show(client, make_backup_codes(user=other, actor=other)[0]) == 200


def test_each_try_is_in_the_audit_log_without_the_code(user: User, client: Client, device: AuthenticatorDevice) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        wrong = wrong_code(device)
        show(client, wrong)
        clock.shift(2)
        show(client, app_code(device))

    rows = AuditLog.objects.filter(action__startswith="accounts.second_factor").order_by("id")
    assert [(row.action, row.actor_id, row.address) for row in rows] == [
        ("accounts.second_factor.refused", user.pk, "127.0.0.1"),
        ("accounts.second_factor.verified", user.pk, "127.0.0.1"),
    ]
    assert all(wrong not in str(row.details) for row in rows)


def test_the_page_has_no_inline_script_or_style_and_is_not_cached(client: Client) -> None:
    response = client.get(VERIFY)

    assert " style=" not in response.content.decode()
    assert "<script>" not in response.content.decode()
    assert "no-store" in response["Cache-Control"]


def test_the_page_leads_somebody_verified_on(user: User) -> None:
    assert sign_in(user).get(f"{VERIFY}?next=/admin/password_change/")["Location"] == "/admin/password_change/"
