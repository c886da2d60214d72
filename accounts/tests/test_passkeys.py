"""Passkeys: adding, showing, removing, and what isn't accepted."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django_otp_webauthn.models import WebAuthnCredential

from accounts.models import AuthenticatorDevice, User
from accounts.services import reset_second_factor
from accounts.testing import make_staff, sign_in
from accounts.tests.authenticator import Authenticator, to_text
from audit.models import AuditLog

OVERVIEW = "/admin/second-factor/"
ADD = f"{OVERVIEW}passkeys/add"
VERIFY = f"{OVERVIEW}verify"
LONG_AGO = 16 * 60

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return make_staff(username="sara")


def post(client: Client, address: str, data: Any = None) -> Any:
    return client.post(address, data if data is not None else {}, content_type="application/json")


def add(client: Client, authenticator: Authenticator, *, name: str = "Laptop", **changes: Any) -> Any:
    options = post(client, f"{ADD}/begin").json()
    return post(client, f"{ADD}/finish", {"answer": authenticator.make(options, **changes), "name": name})


def show(client: Client, authenticator: Authenticator, *, wanted: str = "", **changes: Any) -> Any:
    options = post(client, f"{VERIFY}/passkey/begin").json()
    answer = {"answer": authenticator.use(options, **changes)}
    return post(client, f"{VERIFY}/passkey/finish?next={wanted}", answer)


@pytest.fixture
def authenticator(user: User) -> Authenticator:
    """One that holds a passkey of `user`."""
    made = Authenticator()
    assert add(sign_in(user), made).status_code == 200
    return made


@pytest.fixture
def half(user: User, authenticator: Authenticator) -> Client:
    """A browser in which `user` has given the password only."""
    return sign_in(user, verified=False)


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def actions(prefix: str) -> list[tuple[str, Any]]:
    rows = AuditLog.objects.filter(action__startswith=prefix).order_by("id")
    return [(row.action.removeprefix("accounts."), row.details.get("factor")) for row in rows]


def test_several_are_added_with_names_and_listed(user: User) -> None:
    client = sign_in(user)
    for name in ("Laptop", "تلفن"):
        assert add(client, Authenticator(), name=name).json() == {"go_to": OVERVIEW}

    page = client.get(OVERVIEW).content.decode()
    assert "<bdi>Laptop</bdi>" in page
    assert "<bdi>تلفن</bdi>" in page
    assert actions("accounts.passkey") == [("passkey.add", None)] * 2


def test_one_of_them_opens_the_session_under_a_new_key(half: Client, authenticator: Authenticator) -> None:
    before = half.session.session_key

    answer = show(half, authenticator, wanted="/admin/password_change/")

    assert answer.json() == {"go_to": "/admin/password_change/"}
    assert is_in(half)
    assert half.session.session_key != before
    assert actions("accounts.second_factor") == [("second_factor.verified", "passkey")]


def test_it_counts_as_a_factor_shown_lately(user: User, authenticator: Authenticator) -> None:
    client = sign_in(user, factor_age_seconds=LONG_AGO)
    assert client.get(ADD).status_code == 302

    show(client, authenticator)

    assert client.get(ADD).status_code == 200


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example"])
def test_it_leads_to_no_other_site(half: Client, authenticator: Authenticator, wanted: str) -> None:
    assert show(half, authenticator, wanted=wanted).json() == {"go_to": "/admin/"}


def test_the_verify_page_offers_it_to_those_who_have_one(half: Client) -> None:
    assert 'data-passkey="show"' in half.get(VERIFY).content.decode()
    other = make_staff()
    AuthenticatorDevice.objects.create(user=other)
    assert "data-passkey" not in sign_in(other, verified=False).get(VERIFY).content.decode()


def test_an_assertion_made_for_another_site_is_refused(half: Client, authenticator: Authenticator) -> None:
    answer = show(half, authenticator, origin="https://electionsite.example")

    assert (answer.status_code, answer.json()["code"]) == (400, "passkey-refused")
    assert not is_in(half)
    assert actions("accounts.second_factor") == [("second_factor.refused", "passkey")]


def test_an_assertion_for_another_host_is_refused(half: Client, authenticator: Authenticator) -> None:
    authenticator.host = "evil.example"

    assert show(half, authenticator).status_code == 400
    assert not is_in(half)


def test_an_assertion_works_once(user: User, half: Client, authenticator: Authenticator) -> None:
    answer = {"answer": authenticator.use(post(half, f"{VERIFY}/passkey/begin").json())}
    assert post(half, f"{VERIFY}/passkey/finish", answer).status_code == 200
    again = sign_in(user, verified=False)

    assert post(half, f"{VERIFY}/passkey/finish", answer).status_code == 400
    assert post(again, f"{VERIFY}/passkey/finish", answer).status_code == 400
    post(again, f"{VERIFY}/passkey/begin")
    assert post(again, f"{VERIFY}/passkey/finish", answer).status_code == 400
    assert not is_in(again)


def test_a_refused_answer_uses_up_what_was_asked(half: Client, authenticator: Authenticator) -> None:
    options = post(half, f"{VERIFY}/passkey/begin").json()
    post(half, f"{VERIFY}/passkey/finish", {"answer": authenticator.use(options, origin="https://evil.example")})

    assert post(half, f"{VERIFY}/passkey/finish", {"answer": authenticator.use(options)}).status_code == 400


def test_an_answer_has_five_minutes(half: Client, authenticator: Authenticator) -> None:
    with time_machine.travel(dt.datetime.now(tz=dt.UTC), tick=False) as clock:
        answer = {"answer": authenticator.use(post(half, f"{VERIFY}/passkey/begin").json())}
        clock.shift(301)

        assert post(half, f"{VERIFY}/passkey/finish", answer).status_code == 400


def test_the_authenticator_must_have_checked_its_person(user: User, half: Client, authenticator: Authenticator) -> None:
    options = post(half, f"{VERIFY}/passkey/begin").json()
    assert options["userVerification"] == "required"
    authenticator.flags = Authenticator(checks_person=False).flags

    assert show(half, authenticator).status_code == 400
    assert add(sign_in(user), Authenticator(checks_person=False)).status_code == 400


def test_a_copy_of_an_authenticator_is_noticed_by_its_counter(half: Client, authenticator: Authenticator) -> None:
    authenticator.uses = 8
    show(half, authenticator)
    authenticator.uses = 5

    assert show(half, authenticator).status_code == 400


def test_another_persons_passkey_is_refused(half: Client) -> None:
    theirs = Authenticator()
    add(sign_in(make_staff()), theirs)

    assert show(half, theirs).status_code == 400
    assert not is_in(half)


def test_a_passkey_that_somebody_has_already_is_refused(user: User, authenticator: Authenticator) -> None:
    assert add(sign_in(make_staff()), authenticator).status_code == 400
    assert WebAuthnCredential.objects.get().user == user


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b"\xff", b'{"answer": 1}', b'{"answer": {"id": []}}'])
def test_nonsense_is_refused_in_words(half: Client, user: User, body: bytes) -> None:
    for client, address in ((half, f"{VERIFY}/passkey"), (sign_in(user), ADD)):
        post(client, f"{address}/begin")
        answer = client.post(f"{address}/finish", body, content_type="application/json")
        assert answer.status_code == 400
        assert answer.json()["detail"]


@pytest.mark.parametrize(
    "change",
    [
        {"rawId": "AAAA"},
        {"response": {}},
        {"response": {"clientDataJSON": "AAAA", "attestationObject": "AAAA"}},
        {"response": {"clientDataJSON": to_text(b"[]"), "attestationObject": to_text(b"\xff")}},
        {"clientExtensionResults": 7},
        {"type": None},
    ],
)
def test_a_malformed_passkey_is_refused(user: User, change: dict[str, Any]) -> None:
    client = sign_in(user)
    made = Authenticator().make(post(client, f"{ADD}/begin").json())

    assert post(client, f"{ADD}/finish", {"answer": {**made, **change}, "name": "x"}).status_code == 400
    assert not WebAuthnCredential.objects.exists()


@pytest.mark.parametrize("name", ["", "  ", None, 7])
def test_a_passkey_needs_a_name(user: User, name: Any) -> None:
    answer = add(sign_in(user), Authenticator(), name=name)

    assert (answer.status_code, answer.json()["code"]) == (400, "passkey-unnamed")


def test_there_are_ten_at_most(user: User) -> None:
    client = sign_in(user)
    for _number in range(10):
        assert add(client, Authenticator()).status_code == 200

    assert add(client, Authenticator()).json()["code"] == "passkeys-too-many"


def test_adding_needs_a_factor_shown_lately(user: User) -> None:
    client = sign_in(user, factor_age_seconds=LONG_AGO)

    assert client.get(ADD)["Location"] == f"{VERIFY}?next=%2Fadmin%2Fsecond-factor%2Fpasskeys%2Fadd"
    for address in (f"{ADD}/begin", f"{ADD}/finish"):
        assert post(client, address).json()["code"] == "factor-not-recent"


def test_without_a_second_factor_nobody_adds_one(user: User, half: Client) -> None:
    for client in (half, sign_in(make_staff(), verified=False), Client()):
        assert post(client, f"{ADD}/begin").status_code == 302
        assert post(client, f"{ADD}/finish").status_code == 302


def test_a_passkey_alone_signs_nobody_in(authenticator: Authenticator) -> None:
    stranger = Client()

    for address in (f"{VERIFY}/passkey/begin", f"{VERIFY}/passkey/finish"):
        assert post(stranger, address)["Location"].startswith("/admin/login/")


def test_somebody_without_a_second_factor_is_asked_for_none(user: User) -> None:
    answer = post(sign_in(user, verified=False), f"{VERIFY}/passkey/begin")

    assert (answer.status_code, answer.json()["code"]) == (400, "second-factor-missing")


def test_the_addresses_need_the_pages_token(half: Client) -> None:
    half.handler.enforce_csrf_checks = True

    assert post(half, f"{VERIFY}/passkey/begin").status_code == 403


def test_the_librarys_own_doors_are_closed() -> None:
    with pytest.raises(NoReverseMatch):
        reverse("otp_webauthn:credential-authentication-begin")
    assert not any(model._meta.app_label == "django_otp_webauthn" for model in admin.site._registry)


def test_removing_asks_first_and_ends_what_it_opened(user: User, half: Client, authenticator: Authenticator) -> None:
    show(half, authenticator)
    page = f"{OVERVIEW}passkeys/{WebAuthnCredential.objects.get().pk}/remove"
    client = sign_in(user)
    assert "<bdi>Laptop</bdi>" in client.get(page).content.decode()
    assert WebAuthnCredential.objects.exists()

    assert client.post(page)["Location"] == OVERVIEW

    assert not WebAuthnCredential.objects.exists()
    assert not is_in(half)
    assert ("passkey.remove", None) in actions("accounts.passkey")


def test_removing_needs_a_factor_shown_lately(user: User, authenticator: Authenticator) -> None:
    client = sign_in(user, factor_age_seconds=LONG_AGO)

    client.post(f"{OVERVIEW}passkeys/{WebAuthnCredential.objects.get().pk}/remove")

    assert WebAuthnCredential.objects.exists()


def test_nobody_removes_somebody_elses(authenticator: Authenticator) -> None:
    sign_in(make_staff()).post(f"{OVERVIEW}passkeys/{WebAuthnCredential.objects.get().pk}/remove")

    assert WebAuthnCredential.objects.exists()


def test_the_last_factor_stays(user: User, half: Client, authenticator: Authenticator) -> None:
    AuthenticatorDevice.objects.filter(user=user).delete()
    show(half, authenticator)

    half.post(f"{OVERVIEW}passkeys/{WebAuthnCredential.objects.get().pk}/remove")

    assert WebAuthnCredential.objects.exists()
    assert is_in(half)


def test_somebody_with_a_passkey_only_is_sent_to_show_it(user: User, half: Client) -> None:
    AuthenticatorDevice.objects.filter(user=user).delete()

    assert half.get("/admin/")["Location"].startswith(VERIFY)
    assert half.get(f"{OVERVIEW}enrol")["Location"].startswith(VERIFY)


def test_a_reset_takes_passkeys_too(user: User, authenticator: Authenticator) -> None:
    reset_second_factor(user=user, actor=None, reason="lost everything")

    assert not WebAuthnCredential.objects.exists()
