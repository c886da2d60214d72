"""When the audit log can't be written, nothing that must be recorded happens, and people are told."""

import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone
from django.utils.translation import gettext, override

from accounts.models import Candidate
from accounts.roles import Role
from accounts.testing import PASSWORD, make_candidate, make_staff, sign_in
from audit.models import AuditLog
from common.testing.database import audit_log_broken

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/accounts/candidate/"
PHONE = "09127005026"
FORM = {"code": "sara", "name": "Sara", "city": "shiraz", "constituency": "", "contact_name": ""}


@pytest.fixture
def client() -> Client:
    return sign_in(make_staff(Role.OWNER))


@pytest.fixture
def candidate() -> Candidate:
    return make_candidate("reza", name="Reza", phone=PHONE)


@pytest.fixture
def broken_log(client: Client, candidate: Candidate) -> Iterator[None]:
    """From here on no row can be written; what was made before it stays as it is."""
    before = AuditLog.objects.count()
    with audit_log_broken():
        yield
        assert AuditLog.objects.count() == before


@pytest.mark.parametrize("language", ["en", "fa"])
def test_a_change_is_not_made_and_the_page_says_so(client: Client, broken_log: None, language: str) -> None:
    client.cookies["django_language"] = language

    response = client.post(f"{LIST}add/", FORM)

    assert (response.status_code, response["Retry-After"]) == (503, "60")
    html = response.content.decode()
    assert f'lang="{language}"' in html
    with override(language):
        assert gettext("This was not done") in html
    assert not Candidate.objects.filter(code="sara").exists()
    assert not LogEntry.objects.exists()
    assert "messagelist" not in client.get("/admin/").content.decode()


def test_a_deletion_is_not_made(client: Client, candidate: Candidate, broken_log: None) -> None:
    one = client.post(f"{LIST}{candidate.pk}/delete/", {"post": "yes"})
    many = client.post(LIST, {"action": "delete_selected", "_selected_action": [candidate.pk], "post": "yes"})

    assert (one.status_code, many.status_code) == (503, 503)
    assert Candidate.objects.filter(pk=candidate.pk).exists()
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("page", ["{pk}/change/", f"?q={PHONE}"])
def test_what_can_not_be_recorded_is_not_shown(
    client: Client, candidate: Candidate, broken_log: None, page: str
) -> None:
    response = client.get(LIST + page.format(pk=candidate.pk))

    assert response.status_code == 503
    for word in (PHONE, "Reza"):
        assert word not in response.content.decode()


def test_a_list_of_people_is_not_shown(client: Client, broken_log: None) -> None:
    assert client.get("/admin/bots/botuser/").status_code == 503
    assert client.get(LIST).status_code == 200


def test_nothing_is_exported(client: Client, broken_log: None) -> None:
    response = client.post("/admin/exports/audit-log", {"format": "csv"})

    assert (response.status_code, response.streaming) == (503, False)


def test_nobody_is_signed_in(broken_log: None) -> None:
    make_staff(Role.OWNER, username="ali")
    client = Client()

    response = client.post("/admin/login/", {"username": "ali", "password": PASSWORD})

    assert response.status_code == 503
    assert "_auth_user_id" not in client.session
    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/admin/login/")


def test_what_was_in_the_way_gone_all_works_again(client: Client, candidate: Candidate) -> None:
    response = client.post(f"{LIST}{candidate.pk}/delete/", {"post": "yes"})

    assert response.status_code == 302
    assert AuditLog.objects.filter(action="accounts.candidate.delete").exists()


def test_where_a_session_would_end_the_page_says_so_too(client: Client, broken_log: None) -> None:
    """Middleware ends it, and middleware's errors go another way through Django than those of pages."""
    client.raise_request_exception = False
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=31)):
        answer = client.get(LIST)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
