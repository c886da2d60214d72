"""Ending locks before their time: in the admin by owners, and by command."""

import io

import pytest
from django.core.management import CommandError, call_command

from accounts.models import SignInGuard, User
from accounts.roles import Role
from accounts.testing import PASSWORD, make_staff, sign_in
from accounts.tests.guesses import guess
from audit.models import AuditLog

LIST = "/admin/accounts/signinguard/"

pytestmark = pytest.mark.django_db


def lock(username: str) -> None:
    for _number in range(5):
        guess(username)


@pytest.fixture
def sara() -> User:
    user = make_staff(username="sara")
    lock("sara")
    return user


def unlock_in_admin(user: User) -> str:
    action = {"action": "unlock", "_selected_action": list(SignInGuard.objects.values_list("pk", flat=True))}
    client = sign_in(user)
    client.cookies["django_language"] = "en"
    return client.post(LIST, action, follow=True).content.decode()


def command(*arguments: str) -> str:
    out = io.StringIO()
    call_command("unlock_sign_in", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("role", [Role.OWNER, Role.AUDITOR])
def test_the_list_shows_who_is_locked_and_nobody_else(sara: User, role: Role) -> None:
    lock("nobody")
    guess("mina")

    page = sign_in(make_staff(role)).get(LIST)

    assert [row.user_id for row in page.context["cl"].result_list] == [sara.pk, None]
    assert "198.51.100.7/32" in page.content.decode()


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.OWNER, Role.AUDITOR}))
def test_the_list_is_for_owners_and_auditors(role: Role) -> None:
    assert sign_in(make_staff(role)).get(LIST).status_code == 403


def test_limited_owners_do_not_see_the_list() -> None:
    assert sign_in(make_staff(Role.OWNER, regions=["tehran"])).get(LIST).status_code == 403


def test_an_owner_unlocks_and_it_is_audited(sara: User) -> None:
    owner = make_staff(Role.OWNER)

    page = unlock_in_admin(owner)

    assert "One sign-in was unlocked." in page
    assert guess("sara", PASSWORD).status_code == 302
    row = AuditLog.objects.get(action="accounts.sign_in.unlock")
    assert (row.actor_id, row.object_id, row.details["guard"]) == (owner.pk, str(sara.pk), "pair")


def test_an_auditor_can_not_unlock(sara: User) -> None:
    unlock_in_admin(make_staff(Role.AUDITOR))

    assert guess("sara", PASSWORD).status_code == 429
    assert not AuditLog.objects.filter(action="accounts.sign_in.unlock").exists()


@pytest.mark.parametrize("page", ["add/", "{}/change/", "{}/delete/"])
def test_locks_are_changed_by_nothing_else(sara: User, page: str) -> None:
    guard = SignInGuard.objects.get(guard="pair")

    assert sign_in(make_staff(Role.OWNER)).post(LIST + page.format(guard.pk), {"attempts": 0}).status_code == 403
    assert SignInGuard.objects.filter(pk=guard.pk, attempts=5).exists()


def test_the_command_unlocks_from_every_address_and_is_audited(sara: User) -> None:
    for _number in range(5):
        guess("sara", address="203.0.113.9")

    assert command("sara", "--reason", "called by phone") == "sara may sign in again: 2 locks were ended.\n"

    assert guess("sara", PASSWORD).status_code == 302
    rows = AuditLog.objects.filter(action="accounts.sign_in.unlock")
    assert {(row.actor_id, row.object_id, row.details["reason"]) for row in rows} == {
        (None, str(sara.pk), "called by phone")
    }


def test_the_command_ends_the_lock_of_a_name_from_anywhere() -> None:
    make_staff(username="sara")
    for number in range(50):
        guess("sara", address=f"203.0.113.{number}")
    assert guess("sara", PASSWORD).status_code == 429

    command("sara")

    assert guess("sara", PASSWORD).status_code == 302


@pytest.mark.parametrize(
    ("username", "words"), [("nobody", "no member of staff named nobody"), ("mina", "isn't locked")]
)
def test_the_command_names_what_is_wrong(username: str, words: str) -> None:
    make_staff(username="mina")

    with pytest.raises(CommandError, match=words):
        command(username)
