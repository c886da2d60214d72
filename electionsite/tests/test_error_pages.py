"""What people read when something goes wrong."""

import pytest
from django.test import Client

from accounts.roles import Role
from accounts.testing import PASSWORD, make_staff, sign_in

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("language", "words"), [("fa", "چنین صفحه‌ای نیست"), ("en", "There is no such page")])
def test_a_missing_page_says_so_in_the_readers_language(language, words):
    client = sign_in(make_staff(Role.OWNER))
    client.cookies["django_language"] = language
    for address in ("/admin/nowhere/", "/nowhere"):
        response = client.get(address)
        assert response.status_code == 404
        assert words in response.content.decode()


def test_a_page_outside_ones_roles_says_whom_to_ask():
    response = sign_in(make_staff(Role.SUPPORT)).get("/admin/audit/auditlog/")
    assert response.status_code == 403
    assert "مالک" in response.content.decode()


def test_a_form_without_its_token_says_what_to_do():
    response = Client(enforce_csrf_checks=True).post("/admin/login/", {"username": "x", "password": PASSWORD})
    assert response.status_code == 403
    assert "فرم پذیرفته نشد" in response.content.decode()


def test_a_defect_shows_words_and_nothing_of_itself(monkeypatch):
    client = sign_in(make_staff(Role.OWNER))
    client.raise_request_exception = False

    def fail(*args: object) -> None:
        raise RuntimeError("a secret in an exception")

    monkeypatch.setattr("electionsite.home.home_cards", fail)
    response = client.get("/admin/")
    assert response.status_code == 500
    assert "خطایی در سامانه رخ داد" in response.content.decode()
    assert "secret" not in response.content.decode()
