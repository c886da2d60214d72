"""The audit log: append-only, in one transaction with what it describes, read-only in the admin."""

import re

import pytest
from django.contrib.admin import AdminSite
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.db import ProgrammingError, connection, transaction
from django.test import RequestFactory

from audit.admin import AuditLogAdmin
from audit.models import AuditLog
from audit.seals.sealing import seal_new_rows
from audit.services import AuditOutsideTransaction, record
from common.environment import PROJECT_DIR

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditlog SET actor_label = 'x'",
        "DELETE FROM audit_auditlog",
        "TRUNCATE audit_auditlog",
        "SET LOCAL session_replication_role = replica; DELETE FROM audit_auditlog",
    ],
)
def test_rows_can_not_be_changed_or_removed_by_sql(statement: str) -> None:
    record(action="audit.test.act", actor=None)

    with (
        pytest.raises(ProgrammingError, match="never changed or removed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)

    assert AuditLog.objects.get().actor_label == ""


def test_rows_can_not_be_changed_or_deleted_through_the_model() -> None:
    row = record(action="audit.test.act", actor=None)

    for change in (row.save, row.delete, AuditLog.objects.all().delete):
        with pytest.raises(ProgrammingError), transaction.atomic():
            change()


@pytest.mark.django_db(transaction=True)
def test_a_row_outside_a_transaction_is_refused() -> None:
    with pytest.raises(AuditOutsideTransaction):
        record(action="audit.test.act", actor=None)


def test_a_row_keeps_the_names_of_who_and_what() -> None:
    user = get_user_model().objects.create(username="sara")
    user.full_name = "Sara\x00"

    row = record(action="audit.test.act", actor=user, target=user)

    assert (row.actor_id, row.actor_label, row.object_label, row.address) == (user.pk, "Sara", "Sara", None)


def test_a_row_goes_with_its_transaction() -> None:
    with transaction.atomic():
        record(action="audit.test.act", actor=None)
        transaction.set_rollback(True)

    assert not AuditLog.objects.exists()


@pytest.mark.parametrize("is_limited", [False, True])
def test_the_admin_shows_the_log_to_readers_who_are_not_limited_and_lets_nobody_change_it(is_limited: bool) -> None:
    user = get_user_model().objects.create(username="sara", is_limited_to_scopes=is_limited)
    user.user_permissions.add(Permission.objects.get(codename="view_auditlog"))
    page = AuditLogAdmin(AuditLog, AdminSite())
    request = RequestFactory().get("/")
    request.user = user

    assert page.has_view_permission(request) is not is_limited
    assert page.has_module_permission(request) is not is_limited
    assert not page.has_add_permission(request)
    assert not page.has_change_permission(request)
    assert not page.has_delete_permission(request)


ROLE_OF_THE_SITE = """
CREATE ROLE site_under_test;
GRANT USAGE ON SCHEMA public TO site_under_test;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO site_under_test;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO site_under_test;
"""
REVOKED = re.search(r"REVOKE .*;", (PROJECT_DIR / "docs" / "security" / "operators.md").read_text())


def test_the_sites_own_role_writes_and_seals_and_can_not_get_past_the_trigger() -> None:
    """With the rights that docs/security/operators.md gives it."""
    assert REVOKED
    with connection.cursor() as cursor:
        cursor.execute(ROLE_OF_THE_SITE)
        cursor.execute(REVOKED[0].replace("`", "").replace("electionsite_app", "site_under_test"))
        cursor.execute("SET LOCAL ROLE site_under_test")
        record(action="audit.test.act", actor=None)
        assert seal_new_rows() == 1
        for statement in (
            "UPDATE audit_auditlog SET actor_label = 'x'",
            "DELETE FROM audit_auditseal",
            "TRUNCATE audit_auditlog",
            "ALTER TABLE audit_auditlog DISABLE TRIGGER append_only",
            "DROP TRIGGER append_only ON audit_auditlog",
            "SET LOCAL session_replication_role = replica",
        ):
            with pytest.raises(ProgrammingError), transaction.atomic():
                cursor.execute(statement)
