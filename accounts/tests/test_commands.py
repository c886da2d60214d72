"""`create_owner` and `reset_second_factor`."""

import io

import pytest
from django.core.management import CommandError, call_command

from accounts.models import AuthenticatorDevice, User
from accounts.selectors import may_edit_staff
from accounts.testing import make_staff
from audit.models import AuditLog

pytestmark = pytest.mark.django_db


def run(name: str, *arguments: str) -> str:
    out = io.StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


def test_create_owner_prints_a_random_password_once() -> None:
    out = run("create_owner", "sara", "--full-name", "Sara")

    sara = User.objects.get(username="sara")
    password = out.split()[-1]
    assert sara.check_password(password)
    assert len(password) >= 24
    assert may_edit_staff(sara)
    assert sara.full_name == "Sara"
    assert password not in str(list(AuditLog.objects.values_list("details")))
    assert AuditLog.objects.filter(action="accounts.user.add", actor_id=None).count() == 1


def test_create_owner_takes_a_password_from_standard_input(monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("A long pass phrase, 4 words\n"))

    out = run("create_owner", "sara", "--password-stdin")

    assert User.objects.get(username="sara").check_password("A long pass phrase, 4 words")
    assert "pass phrase" not in out


def test_create_owner_refuses_a_weak_password(monkeypatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("12345\n"))

    with pytest.raises(CommandError):
        run("create_owner", "sara", "--password-stdin")

    assert not User.objects.exists()


def test_create_owner_refuses_a_name_that_is_taken() -> None:
    make_staff(username="sara")

    with pytest.raises(CommandError):
        run("create_owner", "sara")


def test_reset_second_factor_is_audited_as_the_systems_act() -> None:
    user = make_staff(username="sara")
    AuthenticatorDevice.objects.create(user=user)

    run("reset_second_factor", "sara", "--reason", "lost phone")

    assert not AuthenticatorDevice.objects.exists()
    row = AuditLog.objects.get(action="accounts.second_factor.reset")
    assert (row.actor_id, row.object_id, row.details["reason"]) == (None, str(user.pk), "lost phone")


@pytest.mark.parametrize("arguments", [("nobody", "--reason", "x"), ("sara", "--reason", " "), ("sara",)])
def test_reset_second_factor_names_what_is_wrong(arguments: tuple[str, ...]) -> None:
    make_staff(username="sara")

    with pytest.raises(CommandError):
        run("reset_second_factor", *arguments)
