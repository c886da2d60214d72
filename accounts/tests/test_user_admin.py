"""Members of staff in the admin: roles, scopes, passwords, resets."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import AuthenticatorDevice, BackupCode, User
from accounts.roles import Role
from accounts.services import make_backup_codes
from accounts.testing import PASSWORD, make_candidate, make_staff, sign_in
from audit.models import AuditLog

LIST = "/admin/accounts/user/"
NEW_PASSWORD = "Another long pass phrase, 5 words"
NO_SCOPES = {"scopes-TOTAL_FORMS": "0", "scopes-INITIAL_FORMS": "0"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return make_staff(Role.OWNER, username="owner")


@pytest.fixture
def client(owner: User) -> Client:
    return sign_in(owner)


def page_of(user: User) -> str:
    return f"{LIST}{user.pk}/change/"


def test_an_owner_adds_a_member_of_staff_with_roles(client: Client, owner: User) -> None:
    data = {"username": "mina", "full_name": "Mina", "email": "mina@example.ir", "roles": ["support", "auditor"]}

    response = client.post(f"{LIST}add/", {**data, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD})

    mina = User.objects.get(username="mina")
    assert response["Location"] == page_of(mina)
    assert mina.check_password(NEW_PASSWORD)
    assert {group.name for group in mina.groups.all()} == {"support", "auditor"}
    assert NEW_PASSWORD not in str(list(AuditLog.objects.values_list("details")))
    row = AuditLog.objects.get(action="accounts.user.set_roles")
    assert (row.actor_id, row.details) == (owner.pk, {"before": [], "after": ["auditor", "support"]})


def test_an_owner_limits_a_member_of_staff_and_the_scopes_are_audited(client: Client) -> None:
    user, candidate = make_staff(username="ali"), make_candidate(name="Sara")
    data = {"username": "ali", "is_active": "on", "is_limited_to_scopes": "on", "full_name": "", "email": ""}
    scopes = {"scopes-TOTAL_FORMS": "1", "scopes-INITIAL_FORMS": "0", "scopes-0-candidate": candidate.pk}

    response = client.post(page_of(user), {**data, **scopes, "scopes-0-region": ""})

    assert response.status_code == 302
    assert [scope.candidate for scope in user.scopes.all()] == [candidate]
    details = AuditLog.objects.get(action="accounts.user.change").details
    assert details["after"] == {"is_limited_to_scopes": True}
    assert [(row["verb"], row["type"], row["label"]) for row in details["related"]] == [
        ("add", "accounts.staffscope", "Sara")
    ]


def test_a_scope_names_either_a_candidate_or_a_region(client: Client) -> None:
    user = make_staff(username="ali")
    scopes = {"scopes-TOTAL_FORMS": "1", "scopes-INITIAL_FORMS": "0", "scopes-0-region": "tehran"}

    response = client.post(page_of(user), {"username": "ali", **scopes, "scopes-0-candidate": make_candidate().pk})

    assert response.status_code == 200
    assert not user.scopes.exists()


def test_owners_can_not_change_their_own_rights(client: Client, owner: User) -> None:
    client.post(page_of(owner), {"username": "owner", "full_name": "New", "is_limited_to_scopes": "on", **NO_SCOPES})

    owner.refresh_from_db()
    assert owner.full_name == "New"
    assert owner.is_active
    assert not owner.is_limited_to_scopes
    assert owner.groups.filter(name=Role.OWNER).exists()


def test_owners_can_not_scope_themselves(client: Client, owner: User) -> None:
    scopes = {"scopes-TOTAL_FORMS": "1", "scopes-INITIAL_FORMS": "0", "scopes-0-region": "tehran"}

    client.post(page_of(owner), {"username": "owner", **scopes})

    assert not owner.scopes.exists()


def test_rights_beside_the_roles_can_not_be_given(client: Client) -> None:
    user = make_staff(username="ali")

    client.post(page_of(user), {"username": "ali", "is_superuser": "on", "user_permissions": ["1"], **NO_SCOPES})

    user.refresh_from_db()
    assert not user.is_superuser
    assert not user.user_permissions.exists()


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.OWNER}))
def test_nobody_but_owners_changes_staff_even_with_the_permission(role: Role) -> None:
    user, other = make_staff(role), make_staff()
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    client = sign_in(user)

    assert client.post(page_of(other), {"username": "changed", **NO_SCOPES}).status_code == 403
    assert client.post(f"{LIST}add/", {"username": "new"}).status_code == 403
    assert client.post(f"{LIST}{other.pk}/password/", {}).status_code == 403


def test_an_auditor_reads_the_staff_pages(owner: User) -> None:
    client = sign_in(make_staff(Role.AUDITOR))

    assert client.get(LIST).status_code == 200
    assert client.get(page_of(owner)).status_code == 200


def test_nobody_deletes_staff(client: Client) -> None:
    user = make_staff()

    assert client.post(f"{LIST}{user.pk}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=user.pk).exists()


def test_setting_a_password_is_audited_without_it(client: Client) -> None:
    user = make_staff()

    client.post(f"{LIST}{user.pk}/password/", {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})

    user.refresh_from_db()
    assert user.check_password(NEW_PASSWORD)
    row = AuditLog.objects.get(action="accounts.user.set_password")
    assert (row.object_id, row.details) == (str(user.pk), {})


def test_ones_own_password_is_changed_where_the_old_one_is_asked_for(client: Client, owner: User) -> None:
    response = client.post(f"{LIST}{owner.pk}/password/", {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})

    owner.refresh_from_db()
    assert response["Location"] == "/admin/password_change/"
    assert owner.check_password(PASSWORD)


def test_the_list_tells_who_has_a_second_factor_and_finds_by_role(client: Client) -> None:
    make_staff(Role.SUPPORT)

    users = client.get(LIST, {"role": "support"}).context["cl"].result_list
    assert [user.second_factor for user in users] == [False]
    users = client.get(LIST, {"role": "owner"}).context["cl"].result_list
    assert [user.second_factor for user in users] == [True]


def test_resetting_a_second_factor_asks_for_a_reason_then_closes_sessions(client: Client) -> None:
    user = make_staff()
    theirs = sign_in(user)
    make_backup_codes(user=user, actor=user)
    action = {"action": "reset_second_factors", "_selected_action": [user.pk]}
    assert client.post(LIST, action).status_code == 200
    assert client.post(LIST, {**action, "confirmed": "1", "reason": ""}).status_code == 200
    assert AuthenticatorDevice.objects.filter(user=user).exists()

    client.post(LIST, {**action, "confirmed": "1", "reason": "lost phone"})

    assert not AuthenticatorDevice.objects.filter(user=user).exists()
    assert not BackupCode.objects.filter(device__user=user).exists()
    assert theirs.get("/admin/")["Location"].startswith("/admin/login/")
    row = AuditLog.objects.get(action="accounts.second_factor.reset")
    assert (row.object_id, row.details) == (str(user.pk), {"reason": "lost phone", "had_factor": True})


def test_owners_can_not_reset_their_own_second_factor(client: Client, owner: User) -> None:
    other = make_staff()
    sign_in(other)
    chosen = {"action": "reset_second_factors", "_selected_action": [other.pk, owner.pk]}

    client.post(LIST, {**chosen, "confirmed": "1", "reason": "lost phone"})

    assert AuthenticatorDevice.objects.count() == 2


def test_auditors_are_not_offered_the_reset() -> None:
    client, user = sign_in(make_staff(Role.AUDITOR)), make_staff()
    sign_in(user)

    client.post(
        LIST, {"action": "reset_second_factors", "_selected_action": [user.pk], "confirmed": "1", "reason": "x"}
    )

    assert AuthenticatorDevice.objects.filter(user=user).exists()
