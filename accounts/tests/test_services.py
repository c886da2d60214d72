"""Services of staff and candidates, without the admin around them."""

import pytest
from django.db import connection

from accounts.models import Candidate, User
from accounts.roles import Role
from accounts.services import (
    create_candidate,
    create_staff_user,
    reset_second_factor,
    set_password,
    set_roles,
    set_scopes,
    update_candidate,
)
from accounts.testing import PASSWORD, make_candidate, make_staff
from audit.models import AuditLog
from audit.services import AuditUnavailable
from common.errors import DomainError

pytestmark = pytest.mark.django_db


def refusal(call, **arguments) -> str:
    with pytest.raises(DomainError) as error:
        call(**arguments)
    return error.value.code


def test_a_candidate_is_created_in_the_region_of_the_city() -> None:
    candidate = create_candidate(code="sara", name="Sara", city="shiraz", phone="09127005026", actor=None)

    assert candidate.region == "isfahan"
    assert "09127005026" not in str(AuditLog.objects.get(action="accounts.candidate.add").details)


@pytest.mark.parametrize("values", [{"code": "taken"}, {"code": "two words"}, {"city": "atlantis"}, {"name": ""}])
def test_a_candidate_with_values_that_do_not_fit_is_refused(values: dict[str, str]) -> None:
    make_candidate("taken")

    assert refusal(create_candidate, **{"code": "new", "name": "New", "actor": None, **values}) == "candidate-invalid"
    assert Candidate.objects.count() == 1


def test_somebody_limited_creates_and_changes_no_candidate_outside_their_scope() -> None:
    actor, theirs = make_staff(regions=["isfahan"]), make_candidate(city="tehran")
    mine = make_candidate("mine", city="shiraz")

    assert refusal(create_candidate, code="new", name="New", city="tehran", actor=actor) == "outside-scope"
    assert refusal(update_candidate, candidate_id=theirs.pk, name="New", actor=actor) == "candidate-not-found"
    assert refusal(update_candidate, candidate_id=mine.pk, city="tehran", actor=actor) == "outside-scope"
    mine.refresh_from_db()
    assert mine.city == "shiraz"


def test_a_change_of_a_candidate_is_recorded_and_no_change_is_not() -> None:
    candidate = make_candidate(name="Old")

    update_candidate(candidate_id=candidate.pk, name="Old", actor=None)
    update_candidate(candidate_id=candidate.pk, name="New", phone="09120000000", actor=None)

    details = AuditLog.objects.get(action="accounts.candidate.change").details
    assert details == {"changed": ["name", "phone"], "before": {"name": "Old"}, "after": {"name": "New"}}


def test_only_owners_change_staff_and_never_themselves() -> None:
    owner, auditor, user = make_staff(Role.OWNER), make_staff(Role.AUDITOR), make_staff()
    limited_owner = make_staff(Role.OWNER, regions=[])

    for actor in (auditor, limited_owner, user):
        assert refusal(set_roles, user=user, roles=[Role.SUPPORT], actor=actor) == "owners-only"
        assert refusal(set_scopes, user=user, limited=False, actor=actor) == "owners-only"
        assert refusal(reset_second_factor, user=owner, actor=actor, reason="x") == "owners-only"
        assert refusal(create_staff_user, username="new", password=PASSWORD, actor=actor) == "owners-only"
        assert refusal(set_password, user=owner, password=PASSWORD, actor=actor) == "owners-only"
    assert refusal(set_roles, user=owner, roles=[], actor=owner) == "own-rights"
    assert refusal(set_scopes, user=owner, limited=True, actor=owner) == "own-rights"


def test_the_last_owner_stays() -> None:
    owner = make_staff(Role.OWNER)

    assert refusal(set_roles, user=owner, roles=[], actor=None) == "last-owner"
    assert refusal(set_scopes, user=owner, limited=True, actor=None) == "last-owner"
    assert owner.groups.filter(name=Role.OWNER).exists()


def test_scopes_are_replaced_and_recorded() -> None:
    owner, user, candidate = make_staff(Role.OWNER), make_staff(regions=["tehran"]), make_candidate("sara")

    set_scopes(user=user, limited=True, candidates=[candidate], actor=owner)

    details = AuditLog.objects.get(action="accounts.user.set_scopes").details
    assert details == {"limited": True, "before": ["tehran"], "after": ["sara"]}


def test_a_new_password_must_be_strong_and_is_not_recorded() -> None:
    user = make_staff()

    assert refusal(set_password, user=user, password="password", actor=user) == "password-weak"
    set_password(user=user, password="A long pass phrase, 4 words", actor=user)

    assert user.check_password("A long pass phrase, 4 words")
    assert AuditLog.objects.get(action="accounts.user.set_password").details == {}


def test_a_change_is_undone_when_its_audit_row_can_not_be_written() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditlog ADD CONSTRAINT broken CHECK (action <> 'accounts.user.add')")

    with pytest.raises(AuditUnavailable):
        create_staff_user(username="new", password=PASSWORD, actor=None)

    assert not User.objects.filter(username="new").exists()
