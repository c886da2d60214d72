"""Which passwords are accepted, what is remembered of them, and what a new one ends."""

import io
from collections.abc import Callable, Iterator

import pytest
from django.contrib.auth.hashers import BCryptSHA256PasswordHasher, make_password
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils.translation import override

from accounts.models import PasswordRecord, User
from accounts.password_policy import LONGEST, REMEMBERED, generate_password
from accounts.roles import Role
from accounts.services import create_staff_user, set_password, validate_password_strength
from accounts.testing import PASSWORD, make_staff, sign_in
from common.errors import DomainError
from common.testing.database import whole_database

OWN_PAGE, LIST = "/admin/password_change/", "/admin/accounts/user/"
NEW = "Zebra, 9 lanterns"

pytestmark = pytest.mark.django_db


def refusal_of(password: str, user: User | None = None) -> str:
    with pytest.raises(DomainError) as error:
        validate_password_strength(password, user)
    assert error.value.code == "password-weak"
    return str(error.value)


def is_accepted(password: str, user: User | None = None) -> bool:
    try:
        validate_password_strength(password, user)
    except DomainError:
        return False
    return True


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with override("en"):
        yield


@pytest.mark.parametrize(
    "password",
    ["Zebra-9x", NEW, "Long" * 15 + " -7!", "Äußerst-9 Ölfass", "۷ زرافه Giraffe!"],
)
def test_these_are_accepted(password: str) -> None:
    assert is_accepted(password)


@pytest.mark.parametrize(
    ("password", "missing"),
    [
        ("zebra-9x", "an upper-case letter"),
        ("ZEBRA-9X", "a lower-case letter"),
        ("Zebra-xx", "a digit"),
        ("Zebra9xx", "a special character such as ! or -"),
        ("Zbr-9x!", "at least 8 characters"),
        ("zebra", "at least 8 characters, an upper-case letter, a digit, a special character such as ! or -"),
        ("", "at least 8 characters, an upper-case letter, a lower-case letter, a digit, a special character"),
    ],
)
def test_one_message_says_all_that_is_missing(password: str, missing: str) -> None:
    assert f"This password still needs: {missing}" in refusal_of(password)


def test_passwords_of_128_characters_are_accepted_and_longer_ones_refused_with_words() -> None:
    assert is_accepted(("Zebra, 9 lanterns. " * 8)[:LONGEST])

    words = refusal_of("Zebra, 9 lanterns. " * 50_000)

    assert words == "This password is too long. At most 128 characters are accepted."


@pytest.mark.parametrize("password", ["P@ssw0rd", "Password1!", "Qwerty123!", "!Football7", "Sunshine#2026"])
def test_common_ones_are_refused_also_with_a_few_signs_around_them(password: str) -> None:
    assert "too common" in refusal_of(password)


@pytest.mark.parametrize("password", ["Maryam.karimi1", "KarimiMaryam-7", "M.Karimi@Example7", "Karimi-1402"])
def test_ones_like_the_person_are_refused(password: str) -> None:
    user = User(username="maryam.karimi", full_name="Maryam Karimi", email="m.karimi@example.ir")

    assert is_accepted(password)  # of somebody else it would do
    assert not is_accepted(password, user)


@pytest.mark.parametrize("password", ["Election-2026", "Electionsite1!", "Tehran-1405", "Admin-2026!"])
def test_words_of_this_system_count_for_nothing(password: str) -> None:
    assert "words of this system" in refusal_of(password)


def test_a_word_of_this_system_does_no_harm_in_a_long_password() -> None:
    assert is_accepted("No Election of 9 zebras")


def test_none_of_the_last_five_is_taken_again_and_the_sixth_is() -> None:
    user = make_staff()
    passwords = [PASSWORD, *(f"Zebra, {number} lanterns" for number in range(REMEMBERED))]
    for password in passwords[1:]:
        set_password(user=user, password=password, actor=user)

    for password in passwords[1:]:
        assert "one of your last 5 passwords" in refusal_of(password, user)
    assert is_accepted(PASSWORD, user)


def test_the_present_password_is_refused_even_where_nothing_is_remembered() -> None:
    user = make_staff()
    PasswordRecord.objects.all().delete()

    assert "one of your last 5 passwords" in refusal_of(PASSWORD, user)


def test_what_others_had_is_nobodys_business() -> None:
    set_password(user=make_staff(), password=NEW, actor=None)

    assert is_accepted(NEW, make_staff())


def by_the_add_page() -> None:
    data = {"username": "mina", "full_name": "", "email": "", "password1": NEW, "password2": NEW}
    sign_in(make_staff(Role.OWNER)).post(f"{LIST}add/", data)


def by_an_owner() -> None:
    mina = make_staff(username="mina")
    sign_in(make_staff(Role.OWNER)).post(f"{LIST}{mina.pk}/password/", {"password1": NEW, "password2": NEW})


def by_themselves() -> None:
    change_own(sign_in(make_staff(username="mina")), NEW)


def by_create_staff_user() -> None:
    create_staff_user(username="mina", password=NEW, actor=None)


def by_set_password() -> None:
    set_password(user=make_staff(username="mina"), password=NEW, actor=None)


def change_own(client: Client, new: str, old: str = PASSWORD) -> str:
    data = {"old_password": old, "new_password1": new, "new_password2": new}
    client.cookies["django_language"] = "en"
    return client.post(OWN_PAGE, data).content.decode()


@pytest.mark.parametrize("way", [by_the_add_page, by_an_owner, by_themselves, by_create_staff_user, by_set_password])
def test_a_password_is_remembered_however_it_was_set(way: Callable[[], None]) -> None:
    way()

    mina = User.objects.get(username="mina")
    assert mina.check_password(NEW)
    assert PasswordRecord.objects.filter(user=mina)[0].hash == mina.password
    assert NEW not in whole_database()


def test_only_five_are_kept() -> None:
    user = make_staff()
    for number in range(8):
        set_password(user=user, password=f"Zebra, {number} lanterns", actor=user)

    assert PasswordRecord.objects.filter(user=user).count() == REMEMBERED


def test_a_user_without_a_password_has_nothing_to_remember() -> None:
    create_staff_user(username="mina", password=None, actor=None)

    assert not PasswordRecord.objects.exists()


def test_the_page_says_what_is_wanted_and_what_is_wrong() -> None:
    user = make_staff()
    client = sign_in(user)

    assert "This password still needs: a digit" in change_own(client, "Zebra, ten lanterns")
    assert "Between 8 and 128 characters" in client.get(OWN_PAGE).content.decode()
    assert "one of your last 5 passwords" in change_own(client, PASSWORD)
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_a_new_password_ends_all_other_sessions_of_the_person_and_keeps_ones_own() -> None:
    user = make_staff()
    here, there, somebody_else = sign_in(user), sign_in(user), sign_in(make_staff())

    change_own(here, NEW)

    assert here.get(OWN_PAGE).status_code == 200
    assert there.get(OWN_PAGE)["Location"].startswith("/admin/login/")
    assert somebody_else.get(OWN_PAGE).status_code == 200


def test_a_password_that_an_owner_sets_ends_all_sessions_of_the_person() -> None:
    owner, user = make_staff(Role.OWNER), make_staff()
    here, there = sign_in(owner), sign_in(user)

    here.post(f"{LIST}{user.pk}/password/", {"password1": NEW, "password2": NEW})

    assert here.get(OWN_PAGE).status_code == 200
    assert there.get(OWN_PAGE)["Location"].startswith("/admin/login/")


def test_a_refused_password_ends_nothing() -> None:
    user = make_staff()
    here, there = sign_in(user), sign_in(user)

    change_own(here, "weak")

    assert there.get(OWN_PAGE).status_code == 200


@pytest.mark.parametrize("username", ["sara", "owner", "a-b"])
def test_made_up_passwords_are_strong(username: str) -> None:
    made = {generate_password(User(username=username)) for _number in range(50)}

    assert len(made) == 50
    for password in made:
        validate_password_strength(password, User(username=username))


def test_create_owner_refuses_a_weak_password_with_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("zebra\n"))
    with pytest.raises(CommandError, match="still needs: at least 8 characters"):
        call_command("create_owner", "sara", "--password-stdin")


def test_passwords_are_hashed_by_bcrypt_over_sha256_with_twelve_rounds(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.BCryptSHA256PasswordHasher"]

    assert BCryptSHA256PasswordHasher.rounds == 12
    assert make_password(NEW).startswith("bcrypt_sha256$$2b$12$")
