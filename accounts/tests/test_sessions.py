"""Signing in and out in the audit log."""

import pytest
from django.test import Client

from accounts.testing import PASSWORD, make_staff
from audit.models import AuditLog

pytestmark = pytest.mark.django_db


def rows() -> list[tuple[object, ...]]:
    found = AuditLog.objects.filter(action__startswith="accounts.session").order_by("id")
    return [(row.action.rpartition(".")[2], row.actor_id, row.object_label, row.details) for row in found]


def sign_in_page(username: str, password: str) -> Client:
    client = Client()
    client.post("/admin/login/", {"username": username, "password": password})
    return client


def test_signing_in_and_out_is_recorded() -> None:
    user = make_staff(username="sara")
    client = sign_in_page("sara", PASSWORD)
    client.post("/admin/logout/", follow=True)

    assert rows() == [("signed_in", user.pk, "sara", {}), ("signed_out", user.pk, "sara", {})]
    assert set(AuditLog.objects.values_list("address", flat=True)) == {"127.0.0.1"}


def test_a_wrong_password_is_recorded_with_whose_it_was() -> None:
    make_staff(username="sara")
    sign_in_page("sara", "wrong password")

    assert rows() == [("refused", None, "sara", {"known_username": True})]


def test_an_unknown_name_is_not_kept_as_it_may_be_a_password() -> None:
    sign_in_page("my-secret-password", "x")

    assert rows() == [("refused", None, "", {"known_username": False})]
    assert "my-secret" not in str(list(AuditLog.objects.values()))


def test_a_closed_account_can_not_sign_in() -> None:
    user = make_staff(username="sara")
    user.is_active = False
    user.save()

    assert "_auth_user_id" not in sign_in_page("sara", PASSWORD).session
    assert [row[0] for row in rows()] == ["refused"]
