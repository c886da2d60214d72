"""Limited staff: what they see of candidates, and what they can't reach."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import Candidate, User
from accounts.roles import Role
from accounts.selectors import candidates_visible_to
from accounts.testing import make_candidate, make_staff, sign_in
from audit.models import AuditLog

LIST = "/admin/accounts/candidate/"
HIDDEN = "Hidden Person"

pytestmark = pytest.mark.django_db


@pytest.fixture
def mine() -> Candidate:
    return make_candidate("mine", name="Visible Person", city="shiraz")


@pytest.fixture
def theirs() -> Candidate:
    return make_candidate("theirs", name=HIDDEN, city="tehran")


def limited(**scopes) -> User:
    """Somebody who may do everything to candidates, but only to those in their scope."""
    user = make_staff(**scopes)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="accounts"))
    return user


@pytest.fixture(params=["candidate", "region"])
def client(request, mine: Candidate, theirs: Candidate) -> Client:
    scopes = {"candidates": [mine]} if request.param == "candidate" else {"regions": ["isfahan"]}
    return sign_in(limited(**scopes))


def test_the_list_shows_only_theirs(client: Client) -> None:
    page = client.get(LIST).content.decode()

    assert "Visible Person" in page
    assert HIDDEN not in page


def test_neither_search_nor_filters_reach_others(client: Client) -> None:
    for query in ({"q": "Hidden"}, {"region": "tehran"}, {"city": "tehran"}, {"name__startswith": "Hidden"}):
        assert HIDDEN not in client.get(LIST, query).content.decode()


@pytest.mark.parametrize("page", ["change", "delete", "history"])
def test_pages_of_others_are_as_if_they_did_not_exist(client: Client, theirs: Candidate, page: str) -> None:
    LogEntry.objects.create(
        user=make_staff(), object_id=str(theirs.pk), object_repr=HIDDEN, action_flag=2, change_message="changed"
    )

    response = client.get(f"{LIST}{theirs.pk}/{page}/", follow=True)

    assert response.redirect_chain == [("/admin/", 302)]
    assert HIDDEN not in response.content.decode()


def test_posts_to_others_change_nothing(client: Client, theirs: Candidate) -> None:
    client.post(f"{LIST}{theirs.pk}/change/", {"code": "theirs", "name": "Changed", "city": "tehran"})
    client.post(f"{LIST}{theirs.pk}/delete/", {"post": "yes"})
    client.post(LIST, {"action": "delete_selected", "_selected_action": [theirs.pk], "post": "yes"})

    theirs.refresh_from_db()
    assert theirs.name == HIDDEN


def test_the_autocomplete_offers_only_theirs(client: Client, mine: Candidate) -> None:
    query = {"app_label": "accounts", "model_name": "staffscope", "field_name": "candidate", "term": "Person"}

    answer = client.get("/admin/autocomplete/", query)

    assert [entry["text"] for entry in answer.json()["results"]] == ["Visible Person"]


def test_theirs_can_be_changed_and_deleted(client: Client, mine: Candidate) -> None:
    data = {"code": "mine", "name": "Changed", "city": "shiraz", "phone": "", "email": ""}
    client.post(f"{LIST}{mine.pk}/change/", data)
    mine.refresh_from_db()
    assert mine.name == "Changed"

    client.post(f"{LIST}{mine.pk}/delete/", {"post": "yes"})
    assert not Candidate.objects.filter(pk=mine.pk).exists()


def test_somebody_limited_to_a_region_adds_candidates_only_there() -> None:
    client = sign_in(limited(regions=["isfahan"]))
    data = {"name": "New", "phone": "", "email": ""}

    inside = client.post(f"{LIST}add/", {**data, "code": "inside", "city": "isfahan"})
    outside = client.post(f"{LIST}add/", {**data, "code": "outside", "city": "tehran"})

    assert (inside.status_code, outside.status_code) == (302, 200)
    assert list(Candidate.objects.values_list("code", flat=True)) == ["inside"]


def test_somebody_limited_to_a_region_can_not_move_a_candidate_out_of_it(mine: Candidate) -> None:
    client = sign_in(limited(regions=["isfahan"]))

    client.post(f"{LIST}{mine.pk}/change/", {"code": "mine", "name": "Mine", "city": "tehran"})

    mine.refresh_from_db()
    assert mine.city == "shiraz"


def test_an_empty_list_of_scopes_shows_nothing(mine: Candidate) -> None:
    assert list(candidates_visible_to(make_staff(candidates=[]))) == []


def test_limited_staff_see_neither_staff_nor_audit_log_whatever_their_role() -> None:
    client = sign_in(make_staff(Role.OWNER, Role.AUDITOR, regions=["isfahan"]))

    assert client.get("/admin/accounts/user/").status_code == 403
    assert client.get("/admin/audit/auditlog/").status_code == 403
    assert AuditLog.objects.exists()
