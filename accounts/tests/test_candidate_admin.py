"""Candidates in the admin: contact data, search, audit."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import Candidate, User
from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from audit.models import AuditLog

LIST = "/admin/accounts/candidate/"
FORM = {"code": "sara", "name": "Sara", "city": "shiraz", "constituency": "", "contact_name": ""}

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> User:
    return make_staff(Role.OWNER)


@pytest.fixture
def client(owner: User) -> Client:
    return sign_in(owner)


def listed(client: Client, **query: str) -> set[str]:
    return {candidate.code for candidate in client.get(LIST, query).context["cl"].result_list}


def test_adding_a_candidate_sets_the_region_and_writes_an_audit_row(client: Client, owner: User) -> None:
    response = client.post(f"{LIST}add/", {**FORM, "phone": "09127005026", "email": "Sara@Example.ir"})

    candidate = Candidate.objects.get(code="sara")
    assert response.status_code == 302
    assert candidate.region == "isfahan"
    row = AuditLog.objects.get(action="accounts.candidate.add")
    assert (row.actor_id, row.object_id, row.address) == (owner.pk, str(candidate.pk), "127.0.0.1")
    assert row.details["after"] == {"code": "sara", "name": "Sara", "city": "shiraz"}
    assert {"phone", "email"} <= set(row.details["changed"])


def test_changing_a_candidate_records_before_and_after_without_the_phone(client: Client) -> None:
    candidate = make_candidate("sara", name="Sara", city="shiraz", phone="09127005026")

    client.post(f"{LIST}{candidate.pk}/change/", {**FORM, "city": "tehran", "phone": "09120000000", "email": ""})

    details = AuditLog.objects.get(action="accounts.candidate.change").details
    assert details == {"changed": ["city", "phone"], "before": {"city": "shiraz"}, "after": {"city": "tehran"}}


def test_saving_an_untouched_form_writes_no_audit_row(client: Client) -> None:
    candidate = make_candidate("sara", name="Sara", city="shiraz")

    client.post(f"{LIST}{candidate.pk}/change/", {**FORM, "phone": "", "email": ""})

    assert not AuditLog.objects.filter(action="accounts.candidate.change").exists()


def test_deleting_a_candidate_writes_an_audit_row(client: Client) -> None:
    candidate = make_candidate(name="Sara")

    client.post(f"{LIST}{candidate.pk}/delete/", {"post": "yes"})

    row = AuditLog.objects.get(action="accounts.candidate.delete")
    assert (row.object_label, row.object_id) == ("Sara", str(candidate.pk))


def test_deleting_many_writes_a_row_for_each_with_their_number(client: Client) -> None:
    chosen = [make_candidate().pk for _number in range(3)]

    client.post(LIST, {"action": "delete_selected", "_selected_action": chosen, "post": "yes"})

    rows = AuditLog.objects.filter(action="accounts.candidate.delete")
    assert {row.object_id for row in rows} == {str(pk) for pk in chosen}
    assert {row.details["deleted_together"] for row in rows} == {3}
    assert not Candidate.objects.exists()


@pytest.mark.parametrize(
    "typed", ["09127005026", "۰۹۱۲۷۰۰۵۰۲۶", "+98 912 700 5026", "SARA@example.ir ", "sara", "Mohamm"]
)
def test_a_candidate_is_found_by_code_name_phone_or_mail(client: Client, typed: str) -> None:
    make_candidate("sara", name="Sara Mohammadi", phone="0912 700 5026", email="sara@example.ir")
    make_candidate("reza", name="Reza", phone="09120000000")

    assert listed(client, q=typed) == {"sara"}


def test_a_search_by_part_of_a_phone_number_finds_nothing(client: Client) -> None:
    make_candidate("sara", phone="09127005026")

    assert listed(client, q="0912700") == set()


def test_without_the_permission_contact_data_is_neither_shown_nor_searched() -> None:
    candidate = make_candidate("sara", phone="09127005026", email="sara@example.ir")
    client = sign_in(make_staff(Role.OPERATIONS))

    page = client.get(f"{LIST}{candidate.pk}/change/").content.decode()

    assert candidate.code in page
    assert "09127005026" not in page
    assert "sara@example.ir" not in page
    assert listed(client, q="09127005026") == set()


def test_without_the_permission_a_change_leaves_contact_data_alone() -> None:
    candidate = make_candidate("sara", phone="09127005026")
    user = make_staff(Role.OPERATIONS)
    user.user_permissions.add(Permission.objects.get(codename="change_candidate"))

    sign_in(user).post(f"{LIST}{candidate.pk}/change/", {**FORM, "name": "New name", "phone": "1", "email": "x@y.ir"})

    candidate.refresh_from_db()
    assert (candidate.name, candidate.phone, candidate.email) == ("New name", "09127005026", "")


@pytest.mark.parametrize("lookup", ["phone", "phone__startswith", "email__contains"])
def test_an_encrypted_field_can_not_be_looked_up_in_the_address(client: Client, lookup: str) -> None:
    assert client.get(LIST, {lookup: "0912"}).status_code == 400


def test_the_list_filters_by_region_and_city(client: Client) -> None:
    make_candidate("one", city="shiraz")
    make_candidate("two", city="yazd")

    assert listed(client, region="isfahan") == {"one"}
    assert listed(client, city="yazd") == {"two"}
