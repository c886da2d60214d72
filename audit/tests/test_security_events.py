"""Security events: written once, in words that hold no secrets, and never so many that they fill the disk."""

import ast
import re
from pathlib import Path

import pytest
import time_machine
from django.db import connection
from django.test import RequestFactory

from audit.models import AuditLog
from audit.origin import Origin, acting_from
from audit.security_events import ROWS_PER_ORIGIN, log_security_event

PROJECT = Path(__file__).resolve().parents[2]
ATTACKER = Origin(address="203.0.113.7")

pytestmark = pytest.mark.django_db


def rows():
    return AuditLog.objects.filter(action="security.test.kind").order_by("id")


def test_an_event_is_an_audit_row_with_its_origin_and_details() -> None:
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.7", headers={"User-Agent": "curl"})
    with acting_from(request):
        assert log_security_event("test.kind", details={"why": "word"})

    row = rows().get()
    assert (row.address, row.agent, row.details) == ("203.0.113.7", "curl", {"why": "word"})


def test_a_flood_from_one_address_writes_ten_rows_a_minute_and_counts_the_rest() -> None:
    with acting_from(ATTACKER), time_machine.travel("2026-01-01T10:00:00Z", tick=False) as clock:
        written = [log_security_event("test.kind") for _ in range(200)]
        clock.shift(60)
        log_security_event("test.kind")

    assert sum(written) == ROWS_PER_ORIGIN == rows().count() - 1
    assert rows().last().details == {"left_out": 190}


@time_machine.travel("2026-01-01T10:00:00Z", tick=False)
def test_one_address_does_not_use_up_anothers_rows_nor_one_kind_anothers() -> None:
    with acting_from(ATTACKER):
        for _ in range(50):
            log_security_event("test.kind")
        assert log_security_event("test.other")
    with acting_from(Origin(address="203.0.113.8")):
        assert log_security_event("test.kind")


@time_machine.travel("2026-01-01T10:00:00Z", tick=False)
def test_the_addresses_of_one_ipv6_subscriber_count_as_one() -> None:
    for number in range(50):
        with acting_from(Origin(address=f"2001:db8::{number:x}")):
            log_security_event("test.kind")

    assert rows().count() == ROWS_PER_ORIGIN


@time_machine.travel("2026-01-01T10:00:00Z", tick=False)
def test_a_flood_from_many_addresses_is_bounded_too(monkeypatch) -> None:
    monkeypatch.setattr("audit.security_events.ROWS_PER_KIND", 20)
    for number in range(50):
        with acting_from(Origin(address=f"198.51.100.{number}")):
            log_security_event("test.kind")

    assert rows().count() == 20


@pytest.mark.django_db(transaction=True)
def test_an_event_that_can_not_be_written_is_in_the_programs_log_and_stops_nobody(caplog) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditlog RENAME TO away")
    try:
        written = log_security_event("test.kind", details={"why": "word"})
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO audit_auditlog")

    assert not written
    assert "test.kind from this machine: {'why': 'word'}" in caplog.text


@pytest.mark.parametrize("kind", ["", "Upper", "two words", "line\nbreak", "x" * 56])
def test_a_kind_is_short_and_lower_case(kind: str) -> None:
    with pytest.raises(ValueError, match="no kind of security event"):
        log_security_event(kind)


def test_every_kind_in_use_stands_in_the_documentation() -> None:
    page = (PROJECT / "docs/security/headers-and-input.md").read_text()
    documented = set(re.findall(r"^\| `security\.([a-z0-9_.]+)` \|", page, re.MULTILINE))

    assert set(_kinds_in_use()) == documented


def _kinds_in_use():
    for app in ("accounts", "audit", "bots", "common", "electionsite", "exports", "plans", "scaling"):
        for path in (PROJECT / app).rglob("*.py"):
            if "tests" in path.parts or "log_security_event(" not in (source := path.read_text()):
                continue
            for node in ast.walk(ast.parse(source)):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "log_security_event":
                    assert isinstance(node.args[0], ast.Constant), f"{path}:{node.lineno}: name the kind in words"
                    yield node.args[0].value
