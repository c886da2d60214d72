"""What holds for every address of the site, walked from its routes."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.roles import Role
from accounts.testing import PASSWORD, make_candidate, make_staff, sign_in
from bots.models import Bot
from common.testing.database import whole_database
from electionsite.tests.site_map import Samples, routes

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("asvs_pages")]

FILES = {"/admin/jsi18n/"}  # words for scripts; nothing of anybody
WRITTEN_BY_LOOKING = {"accounts.AuthenticatorDevice", "audit.AuditLog", "sessions.Session", "accounts.StaffSession"}
FROM_PROGRAMS = {"/csp-report"}  # these bring no cookies, so nothing to abuse
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LINKS = ("/exports/d/", "/exports/f/")
HOSTILE = "' OR 1=1; DROP TABLE accounts_user; --"


@pytest.fixture
def samples():
    return Samples()


@pytest.fixture
def owner():
    return sign_in(make_staff(Role.OWNER))


def looked_at(samples: Samples, client: Client, **headers):
    """Each address of the site with what it answers to somebody who looks; signing out comes last."""
    for route in sorted(routes(), key=lambda route: "out" in route.template):
        yield samples.address(route), client.get(samples.address(route), **headers)


@dataclass(frozen=True)
class Answer:
    """What an address answered. `content` is None where it is streamed."""

    status: int
    headers: Mapping[str, str]
    content: bytes | None
    is_signed_in: bool


_answers: dict[str, Answer] = {}


@pytest.fixture
def answers(samples, owner, settings):
    """What each address answers the owner by TLS, asked from a page of another site; asked once for all tests."""
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 365 * 24 * 60 * 60, True
    if not _answers:
        for address, response in looked_at(samples, owner, secure=True, headers={"origin": "https://evil.example"}):
            content = None if response.streaming else response.content
            is_signed_in = response.wsgi_request.user.is_authenticated
            _answers[address] = Answer(response.status_code, response.headers, content, is_signed_in)
    return _answers.items()


def test_every_answer_names_its_kind_and_encoding(answers):
    for address, answer in answers:
        if answer.content == b"":
            continue
        kind = answer.headers["Content-Type"]
        if kind == EXCEL:  # no text
            continue
        assert kind == "application/json" or re.search(r'charset="?utf-8"?', kind), (address, kind)


def test_every_answer_carries_the_headers_that_browsers_obey(answers):
    for address, answer in answers:
        headers = answer.headers
        assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains", address
        assert headers["X-Content-Type-Options"] == "nosniff", address
        # A link's address holds its token, which our own pages needn't learn either.
        told = "strict-origin" if address.startswith(LINKS) else "same-origin"
        assert headers["Referrer-Policy"] == told, address
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin", address
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin", address
        policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))
        assert policy["default-src"] == policy["object-src"] == policy["base-uri"] == "'none'", address
        assert policy["frame-ancestors"] == "'none'", address
        assert "unsafe" not in headers["Content-Security-Policy"], address
        assert not re.search(r"https?:|\*", headers["Content-Security-Policy"]), address


def test_no_page_of_the_admin_is_kept_by_browsers_and_proxies(answers):
    for address, answer in answers:
        if answer.status == 200 and address.startswith("/admin/") and address not in FILES:
            assert "no-store" in answer.headers["Cache-Control"], address


def test_every_page_of_the_admin_offers_to_sign_out(answers):
    for address, answer in answers:
        if answer.status == 200 and answer.content and b"<html" in answer.content and answer.is_signed_in:
            assert reverse("admin:logout").encode() in answer.content, address


def test_every_form_needs_the_pages_own_token(samples):
    owner = sign_in(make_staff(Role.OWNER))
    owner.handler.enforce_csrf_checks = True
    for route in routes():
        if route.template not in FROM_PROGRAMS:
            address = samples.address(route)
            assert owner.post(address, {"x": "y"}).status_code in {403, 405}, address


def test_looking_changes_nothing(samples, owner):
    def state():
        models = [model for model in apps.get_models() if model._meta.label not in WRITTEN_BY_LOOKING]
        return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in models}

    before = state()
    assert len(list(looked_at(samples, owner))) > 100
    assert state() == before


def test_no_other_site_may_read_an_answer(answers):
    for address, answer in answers:
        assert "Access-Control-Allow-Origin" not in answer.headers, address


@pytest.mark.parametrize("method", ["TRACE", "PUT", "PATCH", "DELETE", "CONNECT", "NONSENSE"])
def test_methods_that_browsers_and_platforms_do_not_use_are_refused_everywhere(samples, owner, method):
    for route in routes():
        address = samples.address(route)
        assert owner.generic(method, address).status_code == 405, address


@pytest.mark.parametrize(
    "address",
    [
        "/static/",
        "/static/admin/",
        "/media/",
        "/.git/config",
        "/.env",
        "/manage.py",
        "/var/",
        "/admin/doc/",
        "/metrics",
    ],
)
def test_neither_folders_nor_sources_nor_manuals_are_served(owner, address):
    assert owner.get(address).status_code == 404


def test_parameters_are_decoded_once(owner):
    page = owner.get("/admin/accounts/candidate/?q=%253Cb%253E").content.decode()
    assert 'value="%3Cb%3E"' in page


def test_text_of_a_query_stays_text_in_every_list(samples, owner):
    before = whole_database().count("\n")
    for model in admin.site._registry:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        response = owner.get(address, {"q": HOSTILE})
        assert response.status_code in {200, 302}, address
        if response.status_code == 200 and admin.site._registry[model].search_fields:
            assert not list(response.context["cl"].queryset), address
    assert whole_database().count("\n") >= before


def test_a_name_with_markup_is_text_wherever_it_is_shown(owner):
    candidate = make_candidate("x", name="<script>alert('x')</script>")
    for page in ("", f"{candidate.pk}/change/", f"{candidate.pk}/delete/"):
        content = owner.get(f"/admin/accounts/candidate/{page}").content.decode()
        assert "<script>alert(" not in content
        assert "&lt;script&gt;alert(" in content


def test_a_name_reaches_scripts_as_json(owner):
    make_candidate("x", name="</script><script>alert('x')</script>")
    asked = {"app_label": "bots", "model_name": "bot", "field_name": "candidate", "term": "x"}
    response = owner.get("/admin/autocomplete/", asked)
    assert response.headers["Content-Type"] == "application/json"
    assert json.loads(response.content)["results"][0]["text"] == "</script><script>alert('x')</script>"


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "gopher://x/"])
def test_an_address_that_is_no_web_address_is_refused(samples, owner, address):
    form = {"candidate": samples.candidate.pk, "slug": "b", "name": "b", "platform": "telegram", "api_root": address}
    assert "api_root" in owner.post("/admin/bots/bot/add/", form).context["adminform"].form.errors
    assert not Bot.objects.filter(slug="b").exists()


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_leads_to_no_other_site(wanted):
    staff = make_staff(Role.OWNER)
    response = Client().post(f"/admin/login/?next={wanted}", {"username": staff.username, "password": PASSWORD})
    assert response.status_code == 302
    assert "evil" not in response["Location"]
    assert response["Location"].startswith("/")
