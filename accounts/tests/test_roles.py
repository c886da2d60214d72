"""What the migrations grant to the six roles."""

import pytest
from django.contrib.auth.models import Group

from accounts.roles import Role, role_label
from accounts.testing import make_staff

pytestmark = pytest.mark.django_db


def granted(role: Role, app_label: str) -> set[str]:
    found = Group.objects.get(name=role).permissions.filter(content_type__app_label=app_label)
    return set(found.values_list("codename", flat=True))


def test_all_six_roles_exist_after_the_migrations() -> None:
    assert set(Group.objects.values_list("name", flat=True)) >= {role.value for role in Role}


def test_the_owner_has_everything_of_accounts() -> None:
    wanted = {f"{verb}_{model}" for verb in ("add", "change", "delete", "view") for model in ("user", "candidate")}

    assert wanted | {"view_contact"} <= granted(Role.OWNER, "accounts")


def test_only_the_owner_may_change_anything_of_accounts() -> None:
    for role in set(Role) - {Role.OWNER}:
        assert {name.split("_")[0] for name in granted(role, "accounts")} == {"view"}, role


def test_owner_and_auditor_read_the_audit_log() -> None:
    readers = {role for role in Role if granted(role, "audit")}

    assert readers == {Role.OWNER, Role.AUDITOR}
    assert granted(Role.AUDITOR, "audit") == {"view_auditlog", "export_auditlog"}


def test_a_member_of_staff_without_a_role_may_do_nothing() -> None:
    assert make_staff().get_all_permissions() == set()


def test_a_group_that_is_no_role_keeps_its_own_name() -> None:
    assert role_label("interns") == "interns"
