"""Enrolling an authenticator app, and replacing it."""

import datetime as dt
import re

import pytest
import time_machine

from accounts.models import AuthenticatorDevice, BackupCode, User
from accounts.selectors import backup_codes_left
from accounts.services import confirm_enrolment, make_backup_codes, start_enrolment
from accounts.testing import make_staff, sign_in
from accounts.tests.otp import app_code, wrong_code
from audit.models import AuditLog
from common.errors import DomainError

ENROL = "/admin/second-factor/enrol"
CODES = "/admin/second-factor/backup-codes"
VERIFY = "/admin/second-factor/verify"

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return make_staff()


def waiting_device(user: User) -> AuthenticatorDevice:
    device: AuthenticatorDevice = AuthenticatorDevice.objects.get(user=user, confirmed=False)
    return device


def shown_codes(page: str) -> list[str]:
    return re.findall(r"\b(?!theme-label)[a-z2-9]{5}-[a-z2-9]{5}\b", page)


def test_enrolling_shows_a_qr_code_and_the_key_then_ten_backup_codes_and_opens_the_admin(user: User) -> None:
    client = sign_in(user, verified=False)
    page = client.get(f"{ENROL}?next=/admin/password_change/").content.decode()
    device = waiting_device(user)
    assert "<svg" in page
    assert " ".join(re.findall(r"<code>(\w{4})</code>", page)).replace(" ", "") == device.seed
    assert " style=" not in page
    assert "<script>" not in page

    response = client.post(ENROL, {"code": app_code(device), "next": "/admin/password_change/"})

    codes = shown_codes(response.content.decode())
    assert len(set(codes)) == 10
    assert 'href="/admin/password_change/"' in response.content.decode()
    assert "no-store" in response["Cache-Control"]
    assert client.get("/admin/").status_code == 200
    assert sign_in(user, verified=False).post(VERIFY, {"code": codes[3]}).status_code == 302


def test_the_backup_codes_are_shown_once(user: User) -> None:
    client = sign_in(user, verified=False)
    client.get(ENROL)
    client.post(ENROL, {"code": app_code(waiting_device(user))})

    assert shown_codes(client.get(CODES).content.decode()) == []
    assert shown_codes(client.get(ENROL).content.decode()) == []


def test_a_reload_keeps_the_key(user: User) -> None:
    client = sign_in(user, verified=False)
    client.get(ENROL)
    seed = waiting_device(user).seed
    client.get(ENROL)
    client.post(ENROL, {"code": wrong_code(waiting_device(user))})

    assert waiting_device(user).seed == seed


def test_another_session_gets_another_key(user: User) -> None:
    sign_in(user, verified=False).get(ENROL)
    seen_by_somebody = waiting_device(user).seed

    sign_in(user, verified=False).get(ENROL)

    assert waiting_device(user).seed != seen_by_somebody


def test_a_session_whose_key_was_replaced_can_not_confirm_it(user: User) -> None:
    first = sign_in(user, verified=False)
    first.get(ENROL)
    code = app_code(waiting_device(user))
    sign_in(user, verified=False).get(ENROL)

    first.post(ENROL, {"code": code})

    assert not AuthenticatorDevice.objects.filter(user=user, confirmed=True).exists()
    assert first.get("/admin/").status_code == 302


def test_wrong_first_codes_are_throttled(user: User) -> None:
    client = sign_in(user, verified=False)
    client.get(ENROL)
    with time_machine.travel(dt.datetime(2026, 11, 22, tzinfo=dt.UTC), tick=False):
        assert client.post(ENROL, {"code": wrong_code(waiting_device(user))}).status_code == 200
        assert client.post(ENROL, {"code": app_code(waiting_device(user))}).status_code == 429


def test_somebody_enrolled_but_unverified_is_sent_to_verify(user: User) -> None:
    device = AuthenticatorDevice.objects.create(user=user)
    client = sign_in(user, verified=False)

    for response in (client.get(ENROL), client.post(ENROL, {"code": "123456"})):
        assert response["Location"] == VERIFY
    assert list(AuthenticatorDevice.objects.filter(user=user)) == [device]


def test_a_verified_session_alone_does_not_replace_the_app(user: User) -> None:
    client = sign_in(user)
    client.get(ENROL)
    new = waiting_device(user)

    response = client.post(ENROL, {"code": app_code(new), "current_code": "aaaaa-aaaaa"})

    assert response.status_code == 200
    assert not AuthenticatorDevice.objects.get(pk=new.pk).confirmed


def test_a_new_app_replaces_the_old_one_and_ends_its_sessions(user: User) -> None:
    elsewhere = sign_in(user)
    client = sign_in(user)
    old = AuthenticatorDevice.objects.get(user=user)
    backup = make_backup_codes(user=user, actor=user)[0]
    client.get(ENROL)
    new = waiting_device(user)

    response = client.post(ENROL, {"code": app_code(new), "current_code": backup})

    assert len(shown_codes(response.content.decode())) == 10
    assert list(AuthenticatorDevice.objects.filter(user=user)) == [new]
    assert not AuthenticatorDevice.objects.filter(pk=old.pk).exists()
    assert client.get("/admin/").status_code == 200
    assert elsewhere.get("/admin/").status_code == 302


def test_a_device_confirmed_meanwhile_can_not_be_confirmed_again(user: User) -> None:
    device = start_enrolment(user=user, device_id=None)
    confirm_enrolment(user=user, device_id=device.pk, code=app_code(device))

    with pytest.raises(DomainError) as error:
        confirm_enrolment(user=user, device_id=device.pk, code=app_code(device, steps=1))

    assert error.value.code == "enrolment-outdated"


def test_new_backup_codes_need_a_fresh_code_and_end_the_old_ones(user: User) -> None:
    client = sign_in(user)
    old = make_backup_codes(user=user, actor=user)
    device = AuthenticatorDevice.objects.get(user=user)
    assert shown_codes(client.post(CODES, {"code": wrong_code(device)}).content.decode()) == []

    with time_machine.travel(dt.datetime.now(tz=dt.UTC) + dt.timedelta(minutes=2)):
        new = shown_codes(client.post(CODES, {"code": app_code(device)}).content.decode())

    assert len(new) == 10
    assert not set(new) & set(old)
    assert backup_codes_left(user) == 10
    assert BackupCode.objects.count() == 10


def test_the_codes_page_says_how_many_are_left(user: User) -> None:
    codes = make_backup_codes(user=user, actor=user)
    AuthenticatorDevice.objects.create(user=user)
    client = sign_in(user, verified=False)
    client.post(VERIFY, {"code": codes[0]})
    client.cookies["django_language"] = "en"

    assert "You have 9 unused backup codes." in client.get(CODES).content.decode()


def test_enrolment_is_in_the_audit_log(user: User) -> None:
    client = sign_in(user, verified=False)
    client.get(ENROL)
    client.post(ENROL, {"code": app_code(waiting_device(user))})

    actions = AuditLog.objects.filter(action__startswith="accounts.second_factor").order_by("id")
    assert list(actions.values_list("action", flat=True)) == [
        f"accounts.second_factor.{verb}" for verb in ("enrolment_started", "verified", "enrolled", "backup_codes_made")
    ]
