"""Passwords, codes and sessions, as somebody at the sign-in page meets them."""

import datetime as dt
import math
import re

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from accounts.models import AuthenticatorDevice, User
from accounts.models.second_factor import BACKUP_CODE_ALPHABET, BACKUP_CODE_CHARACTERS, make_backup_code
from accounts.roles import Role
from accounts.testing import PASSWORD, make_staff, sign_in

pytestmark = pytest.mark.django_db

SIGN_IN = "/admin/login/"
NEW_PASSWORD = "Orchard-1987-quiet"


def try_password(user: User, password: str, client: Client | None = None):
    return (client or Client()).post(SIGN_IN, {"username": user.username, "password": password})


@pytest.fixture
def bcrypt(settings):
    """The hasher of production; the tests' own is quicker and worse."""
    settings.PASSWORD_HASHERS = [name for name in settings.PASSWORD_HASHERS if "MD5" not in name]


def test_passwords_are_compared_to_the_last_letter(bcrypt):
    password = "  Orchard-1987 " + "quiet evenings " * 5 + "a"  # beyond the 72 bytes where bcrypt stops
    assert len(password) > 80
    user = User.objects.create_user("ann", password)
    assert re.match(r"bcrypt_sha256\$\$2b\$12\$", user.password)
    for wrong in (password[:-1] + "b", password[:72], password.strip(), password.lower()):
        assert try_password(user, wrong).status_code == 200, wrong
    assert try_password(user, password).status_code == 302


def test_password_fields_hide_what_is_typed_and_let_managers_fill_them():
    owner = sign_in(make_staff(Role.OWNER))
    other = make_staff()
    pages = [
        Client().get(SIGN_IN),
        owner.get("/admin/password_change/"),
        owner.get("/admin/accounts/user/add/"),
        owner.get(f"/admin/accounts/user/{other.pk}/password/"),
    ]
    for page in pages:
        inputs = re.findall(r"<input[^>]*name=\"[^\"]*password[^\"]*\"[^>]*>", page.content.decode())
        fields = [field for field in inputs if 'type="submit"' not in field]
        assert fields, page.request["PATH_INFO"]
        for field in fields:
            assert 'type="password"' in field
            assert re.search(r'autocomplete="(current|new)-password"', field)
            assert not re.search(r"maxlength|onpaste|readonly", field)


def test_the_sign_in_page_asks_for_name_and_password_only():
    page = Client().get(SIGN_IN).content.decode()
    form = page[page.index('id="login-form"') :]
    asked = set(re.findall(r'name="(\w+)"', form)) - {"csrfmiddlewaretoken", "next"}
    assert {"username", "password"} <= asked
    assert asked <= {"username", "password", "language"}


def test_a_password_does_not_expire():
    user = make_staff()
    with time_machine.travel(dt.datetime.now(tz=dt.UTC) + dt.timedelta(days=3 * 365), tick=False):
        response = try_password(user, PASSWORD)
    assert response.status_code == 302
    assert "password" not in response["Location"]


def test_a_new_password_leaves_the_second_factor_asked_for():
    user = make_staff(Role.SUPPORT)
    AuthenticatorDevice.objects.create(user=user, confirmed=True)
    form = {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert sign_in(make_staff(Role.OWNER)).post(f"/admin/accounts/user/{user.pk}/password/", form).status_code == 302
    client = Client()
    assert try_password(user, NEW_PASSWORD, client).status_code == 302
    assert client.get("/admin/")["Location"].startswith(reverse("accounts:verify"))


def test_backup_codes_hold_more_than_twenty_bits():
    assert BACKUP_CODE_CHARACTERS * math.log2(len(BACKUP_CODE_ALPHABET)) > 49
    codes = {make_backup_code() for _number in range(1000)}
    assert len(codes) == 1000
    assert all(re.fullmatch(rf"[{BACKUP_CODE_ALPHABET}]{{5}}-[{BACKUP_CODE_ALPHABET}]{{5}}", code) for code in codes)


def session_key(client: Client, settings) -> str:
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def test_a_session_is_a_long_random_key_and_nothing_else(settings):
    user = make_staff()
    keys = []
    for _number in range(20):
        client = Client()
        try_password(user, PASSWORD, client)
        keys.append(session_key(client, settings))
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch("[a-z0-9]{32}", key) for key in keys)
    assert user.username not in "".join(keys)


def test_signing_in_gives_a_new_key(settings):
    client, user = Client(), make_staff()
    try_password(user, PASSWORD, client)
    first = session_key(client, settings)
    try_password(user, PASSWORD, client)
    assert session_key(client, settings) != first


def test_a_session_that_was_signed_out_opens_nothing(settings):
    client = sign_in(make_staff(Role.OWNER))
    key = session_key(client, settings)
    assert client.get("/admin/").status_code == 200
    client.post("/admin/logout/")
    thief = Client()
    thief.cookies[settings.SESSION_COOKIE_NAME] = key
    assert thief.get("/admin/")["Location"].startswith(SIGN_IN)
    assert "_auth_user_id" not in thief.session


@pytest.mark.parametrize("address", ["/admin/logout/", "/admin/second-factor/sign-out"])
def test_signing_out_has_the_browser_forget_what_it_showed(address):
    client = sign_in(make_staff(Role.OWNER))
    assert "Clear-Site-Data" not in client.get("/admin/").headers
    assert client.post(address).headers["Clear-Site-Data"] == '"cache"'


def test_closing_an_account_ends_its_sessions():
    user = make_staff(Role.SUPPORT)
    client = sign_in(user)
    assert client.get("/admin/").status_code == 200
    form = {"username": user.username, "roles": [Role.SUPPORT], "scopes-TOTAL_FORMS": 0, "scopes-INITIAL_FORMS": 0}
    response = sign_in(make_staff(Role.OWNER)).post(f"/admin/accounts/user/{user.pk}/change/", form)
    assert response.status_code == 302
    assert not User.objects.get(pk=user.pk).is_active
    assert client.get("/admin/")["Location"].startswith(SIGN_IN)


def test_messages_do_not_travel_in_cookies(settings):
    client = sign_in(make_staff(Role.OWNER))
    form = {"code": "x", "name": "Somebody's name", "city": "tehran"}
    client.post("/admin/accounts/candidate/add/", form)
    known = {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, settings.LANGUAGE_COOKIE_NAME}
    assert set(client.cookies) <= known
    assert "Somebody" in client.get("/admin/").content.decode()
    assert Session.objects.exists()
