"""The headers that tell browsers what to forbid themselves, on every kind of answer."""

import os
import subprocess
import sys

import pytest
from django.test import Client

from accounts.roles import Role
from accounts.testing import make_staff, sign_in
from electionsite.tests.production import production_environment
from electionsite.tests.site_map import Samples, admin_pages

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
    "object-src": "'none'",
    "report-uri": "/csp-report",
}
HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "X-Permitted-Cross-Domain-Policies": "none",
    "Reporting-Endpoints": 'csp="/csp-report"',
}

pytestmark = pytest.mark.django_db


def policy_of(answer):
    parts = (part.strip().partition(" ") for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: sources for name, _space, sources in parts}


ANSWERS = {
    "a page": lambda client: client.get("/admin/login/"),
    "a redirect": lambda client: client.get("/"),
    "a page that isn't there": lambda client: client.get("/no/such/page"),
    "JSON": lambda client: client.get("/health"),
    "a refused method": lambda client: client.get("/csp-report"),
    "a method of nobody's": lambda client: client.generic("TRACE", "/"),
    "a form without its token": lambda client: Client(enforce_csrf_checks=True).post("/language/setlang/"),
    "a host of somebody else's": lambda client: client.get("/", headers={"Host": "evil.example"}),
    "a style sheet": lambda client: client.get("/static/admin/css/base.css"),
    "a static file that isn't there": lambda client: client.get("/static/none.css"),
    "the report address": lambda client: client.post("/csp-report", b"{", content_type="application/csp-report"),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_every_kind_of_answer_has_every_header(client, kind):
    client.raise_request_exception = False

    answer = ANSWERS[kind](client)
    answer.close()

    assert policy_of(answer) == POLICY
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_an_error_of_ours_has_every_header_too(client, monkeypatch):
    monkeypatch.setattr("scaling.views.run_probes", None)
    client.raise_request_exception = False

    answer = client.get("/health/ready")

    assert answer.status_code == 500
    assert policy_of(answer) == POLICY
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS


def test_every_page_of_the_admin_has_the_policy_and_stays_out_of_caches():
    owner = make_staff(Role.OWNER)
    owner.is_superuser = True
    owner.save()
    client = sign_in(owner)

    for address in admin_pages(Samples()):
        answer = client.get(address)
        assert policy_of(answer) == POLICY, address
        assert "no-store" in answer.headers["Cache-Control"], address


def test_what_staff_see_outside_the_admin_stays_out_of_caches_too():
    answer = sign_in(make_staff(Role.OWNER)).get("/admin/no/such/page")

    assert answer.status_code == 404
    assert {"no-store", "private"} <= set(answer.headers["Cache-Control"].split(", "))


def test_static_files_may_be_cached(client):
    answer = client.get("/static/admin/css/base.css")
    answer.close()

    assert "no-store" not in answer.headers["Cache-Control"]


def test_passkeys_and_the_copy_button_work_and_no_other_feature_of_the_browser(client):
    entries = client.get("/admin/login/").headers["Permissions-Policy"].split(", ")
    features = dict(entry.split("=") for entry in entries)

    allowed = {name for name, places in features.items() if places != "()"}
    assert allowed == {"publickey-credentials-get", "publickey-credentials-create", "clipboard-write"}
    assert {features[name] for name in allowed} == {"(self)"}
    assert {"camera", "microphone", "geolocation", "usb", "payment"} <= features.keys()


HSTS = """
import django
django.setup()
from django.test import Client
for scheme in ("http", "https"):
    answer = Client().get("/health/live", headers={"Host": "bots.example.ir", "X-Forwarded-Proto": scheme,
                                                   "X-Forwarded-For": "192.0.2.1"})
    print(scheme, answer.headers.get("Strict-Transport-Security"))
    policy = answer.headers["Content-Security-Policy"]
    print("upgrade-insecure-requests" in policy, "report-to csp" in policy)
"""


def test_production_over_tls_asks_for_tls_for_a_year_on_all_subdomains(tmp_path):
    environment = {**os.environ, **production_environment(ELECTIONSITE_DATA_DIR=str(tmp_path))}
    (tmp_path / "static").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", HSTS],
        env={**environment, "DJANGO_SETTINGS_MODULE": "electionsite.settings"},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "http None",
        "True True",
        "https max-age=31536000; includeSubDomains; preload",
        "True True",
    ]
