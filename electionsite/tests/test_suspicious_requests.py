"""Suspicious values are marked on every route, and nothing is refused, kept whole or written twice."""

import json

import pytest
import time_machine
from django.test import Client

from accounts.roles import Role
from accounts.testing import make_staff, sign_in
from audit.models import AuditLog
from bots.testing import CAMPAIGN
from common.suspicious_input import check_sql_injection

ATTACK = "' or '1'='1"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel("2026-01-01T10:00:00Z", tick=False) as moment:
        yield moment


def events():
    return AuditLog.objects.filter(action="security.input.suspicious").order_by("id")


@pytest.mark.parametrize("path", ["/", "/no/such/page", "/health", "/admin/", "/static/none.css", "/csp-report"])
def test_a_suspicious_query_is_marked_on_any_route_and_answered_as_ever(client, path):
    answer = client.get(path, {"q": ATTACK})

    details = events().get().details
    assert answer.status_code == client.get(path).status_code == details["status"]
    assert (details["pattern"], details["field"], details["excerpt"]) == ("condition", "q", ATTACK)


def test_values_of_forms_names_and_paths_are_looked_at_too():
    for number, send in enumerate(
        (
            lambda client: client.post("/admin/login/", {"username": ATTACK, "password": "x"}),
            lambda client: client.get("/", {"id) union select 1--": "x"}),
            lambda client: client.get("/no/1' union select 1,2--/"),
        )
    ):
        send(Client(REMOTE_ADDR=f"192.0.2.{number}"))

    assert [row.details["field"] for row in events()] == ["username", "(a name)", "(path)"]


def test_who_is_signed_in_is_told():
    user = make_staff(Role.OWNER)

    sign_in(user).get("/admin/bots/botuser/", {"q": ATTACK})

    assert (events().get().actor_id, events().get().details["route"]) == (user.pk, "admin/bots/botuser/")


@pytest.mark.parametrize("name", ["password", "new_password1", "code", "csrfmiddlewaretoken", "api_key", "otp_token"])
def test_secrets_are_neither_looked_at_nor_kept(client, name):
    client.post("/admin/login/", {name: ATTACK, "username": "sara"})

    assert not events().exists()


def test_of_a_value_a_short_line_is_kept_without_long_numbers(client):
    client.get("/", {"q": f"09121234567\n۰۹۱۲۱۲۳۴۵۶۷\x00\x1b[31m {ATTACK} {'x' * 5000}"})

    excerpt = events().get().details["excerpt"]
    assert excerpt.startswith(f"… … [31m {ATTACK} xxx")
    assert len(excerpt) == 80


def test_one_event_a_minute_is_written_for_an_address_and_the_others_are_counted(client, clock):
    for _ in range(20):
        client.get("/", {"q": ATTACK})
    Client(REMOTE_ADDR="192.0.2.1").get("/", {"q": ATTACK})
    clock.shift(60)
    client.get("/", {"q": ATTACK})

    assert [row.details["requests_left_out"] for row in events()] == [0, 0, 19]


def test_a_form_that_no_view_has_read_is_not_read_for_this(client):
    client.post("/csp-report", {"text": ATTACK})

    assert not events().exists()


def test_a_request_of_thousands_of_values_is_looked_at_in_part(client):
    client.get("/?" + "&".join(["q=x"] * 900) + f"&q={ATTACK}")

    assert not events().exists()


def test_nothing_that_citizens_wrote_in_a_campaign_is_suspicious():
    texts = {text for line in CAMPAIGN.read_text().splitlines() for text in _texts(json.loads(line))}

    assert len(texts) > 300
    assert [text for text in texts if check_sql_injection(text)] == []


def _texts(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _texts(part)
