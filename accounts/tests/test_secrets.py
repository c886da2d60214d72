"""What must not stand in clear in the database, and look-ups by blind index."""

import pytest
from django.core.exceptions import FieldError

from accounts.models import AuthenticatorDevice, Candidate
from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from accounts.tests.otp import app_code
from common.testing.database import whole_database

PHONE, MAIL = "09127005026", "sara.private@example.ir"

pytestmark = pytest.mark.django_db


def test_neither_seeds_codes_phones_nor_mails_stand_in_clear_in_any_table() -> None:
    user = make_staff(Role.OWNER)
    client = sign_in(user, verified=False)
    client.get("/admin/second-factor/enrol")
    device = AuthenticatorDevice.objects.get(user=user)
    code = app_code(device)
    page = client.post("/admin/second-factor/enrol", {"code": code})
    codes = page.context["codes"]
    contact = {"code": "sara", "name": "Sara", "city": "tehran", "phone": PHONE, "email": MAIL}
    client.post("/admin/accounts/candidate/add/", contact)
    changed = {"username": user.username, "email": MAIL, "scopes-TOTAL_FORMS": "0", "scopes-INITIAL_FORMS": "0"}
    client.post(f"/admin/accounts/user/{user.pk}/change/", changed)
    user.refresh_from_db()
    assert (Candidate.objects.get().phone, user.email) == (PHONE, MAIL)

    text = whole_database()

    assert "accounts.second_factor.enrolled" in text
    for secret in (device.seed, PHONE, MAIL, *codes, *(code.replace("-", "") for code in codes)):
        assert secret not in text


@pytest.mark.parametrize("typed", ["09127005026", "۰۹۱۲۷۰۰۵۰۲۶", "٠٩١٢٧٠٠٥٠٢٦", "+98 912 700-5026", "0098 9127005026"])
def test_a_phone_is_found_however_it_is_typed(typed: str) -> None:
    candidate = make_candidate(phone=PHONE)
    index = Candidate._meta.get_field("phone_index")

    assert Candidate.objects.get(phone_index=index.index_of(typed)) == candidate


def test_people_without_a_phone_are_not_found_by_an_empty_one() -> None:
    make_candidate()
    index = Candidate._meta.get_field("phone_index")

    assert index.index_of("") == ""
    assert index.index_of("no digits") == ""


@pytest.mark.parametrize("lookup", ["phone", "phone__contains", "email__startswith"])
def test_an_encrypted_field_can_not_be_looked_up(lookup: str) -> None:
    with pytest.raises(FieldError):
        list(Candidate.objects.filter(**{lookup: PHONE}))
