"""`ScopedModelAdmin` and its helpers on a model that belongs to candidates by a foreign key."""

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.test import RequestFactory

from accounts.admin_scope import ScopedModelAdmin, ScopedRelatedFilter
from accounts.models import Candidate, StaffScope, User
from accounts.testing import make_candidate, make_staff
from audit.admin import AuditedModelAdmin

pytestmark = pytest.mark.django_db


class NoteAdmin(ScopedModelAdmin, AuditedModelAdmin):
    """Of rows that belong to a candidate; scopes serve as such here."""

    candidate_path = "candidate"
    list_filter = (("candidate", ScopedRelatedFilter),)


class CarelessAdmin(NoteAdmin):
    raw_id_fields = ("candidate",)
    list_filter = ("candidate", "region", "user")  # type: ignore[assignment]


@pytest.fixture
def page() -> NoteAdmin:
    return NoteAdmin(StaffScope, admin.site)


def request_of(user: User) -> HttpRequest:
    request = RequestFactory().get("/")
    request.user = user
    return request


@pytest.fixture
def mine() -> Candidate:
    return make_candidate("mine", city="shiraz")


@pytest.fixture
def theirs() -> Candidate:
    return make_candidate("theirs", city="tehran")


def test_rows_of_other_candidates_and_of_none_are_hidden(page: NoteAdmin, mine: Candidate, theirs: Candidate) -> None:
    owner, limited = make_staff(), make_staff(regions=["isfahan"])
    rows = [StaffScope.objects.create(user=owner, candidate=candidate) for candidate in (mine, theirs)]

    assert list(page.get_queryset(request_of(limited))) == rows[:1]
    assert page.get_queryset(request_of(owner)).count() == 3


def test_foreign_keys_and_filters_offer_only_visible_candidates(
    page: NoteAdmin, mine: Candidate, theirs: Candidate
) -> None:
    field = StaffScope._meta.get_field("candidate")
    for user, visible in ((make_staff(candidates=[mine]), {mine.pk}), (make_staff(), {mine.pk, theirs.pk})):
        request = request_of(user)
        choices = page.formfield_for_foreignkey(field, request).queryset
        offered = ScopedRelatedFilter(field, request, {}, StaffScope, page, "candidate").lookup_choices

        assert {candidate.pk for candidate in choices} == visible
        assert {int(pk) for pk, _name in offered} == visible


def test_saving_for_another_candidate_is_refused(page: NoteAdmin, mine: Candidate, theirs: Candidate) -> None:
    limited = make_staff(candidates=[mine])

    with pytest.raises(PermissionDenied):
        page.save_model(request_of(limited), StaffScope(user=make_staff(), candidate=theirs), None, change=False)


def test_ways_to_name_hidden_candidates_are_refused_by_a_system_check(page: NoteAdmin) -> None:
    careless = CarelessAdmin(StaffScope, admin.site)

    assert [error.id for error in careless.check() if str(error.id).startswith("accounts")] == [
        "accounts.E001",
        "accounts.E002",
    ]
    assert page.check() == []


def test_a_filter_that_knows_no_way_to_the_candidate_is_refused() -> None:
    page = admin.ModelAdmin(LogEntry, admin.site)
    request = request_of(make_staff())

    with pytest.raises(TypeError, match="scope_path"):
        ScopedRelatedFilter(LogEntry._meta.get_field("user"), request, {}, LogEntry, page, "user")
