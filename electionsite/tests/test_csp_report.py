"""Reports about the content security policy: noted once, from our own pages only, and never believed or echoed."""

import json

import pytest
import time_machine
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import AuditLog
from audit.security_events import ROWS_PER_ORIGIN
from electionsite.csp_report import MAXIMUM_BYTES, REQUESTS_A_MINUTE

OLD, NEW = "application/csp-report", "application/reports+json"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel("2026-01-01T10:00:00Z", tick=False) as moment:
        yield moment


def events():
    return AuditLog.objects.filter(action="security.csp.violation").order_by("id")


def old_report(page="http://testserver/admin/?token=secret", blocked="inline", **more):
    report = {"document-uri": page, "blocked-uri": blocked, "effective-directive": "script-src-elem", **more}
    return json.dumps({"csp-report": report})


def new_report(*pages):
    body = {"blockedURL": "https://evil.example/x.js?id=1", "effectiveDirective": "script-src-elem", "lineNumber": 3}
    return json.dumps([{"type": "csp-violation", "body": {**body, "documentURL": page}} for page in pages])


def send(body, content_type=OLD, client=None):
    return (client or Client()).post("/csp-report", body, content_type=content_type)


def test_a_report_is_noted_without_what_may_be_secret_and_answered_with_nothing():
    answer = send(old_report())

    assert (answer.status_code, answer.content) == (204, b"")
    details = events().get().details
    assert (details["directive"], details["blocked"]) == ("script-src-elem", "inline")
    assert details["page"] == "http://testserver/admin/"


def test_reports_of_the_reporting_api_are_noted_each():
    assert send(new_report("http://testserver/a", "http://testserver/b"), NEW).status_code == 204

    assert [(row.details["page"], row.details["blocked"], row.details["line"]) for row in events()] == [
        ("http://testserver/a", "https://evil.example/x.js", 3),
        ("http://testserver/b", "https://evil.example/x.js", 3),
    ]


def test_a_violation_is_noted_once_an_hour_and_counted_meanwhile(clock):
    for _ in range(5):
        send(old_report())
    clock.shift(3600)
    send(old_report())

    assert [row.details["reports_left_out"] for row in events()] == [0, 4]


@pytest.mark.parametrize(
    "report",
    [
        old_report(page="https://elsewhere.example/"),
        old_report(page="about:blank"),
        old_report(page="http://[broken"),
        old_report(page=None),
        old_report(blocked="chrome-extension://abc/x.js"),
        old_report(**{"source-file": "moz-extension://abc/x.js"}),
        json.dumps({"csp-report": "words"}),
        json.dumps(["words", 1, None, {}]),
        json.dumps("words"),
        "null",
        "1",
    ],
)
def test_what_is_not_about_a_page_of_ours_is_taken_and_forgotten(report):
    assert send(report).status_code == 204
    assert not events().exists()


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (old_report(), "application/json", 415),
        (old_report(), "text/plain", 415),
        (b" ", OLD, 400),
        (b"\xff\xfe", OLD, 400),
        (b"{", OLD, 400),
        (b"[" * 16_000, NEW, 400),
        (b"9" * 16_000, OLD, 400),
        (b" " * (MAXIMUM_BYTES + 1), OLD, 413),
    ],
)
def test_what_is_no_report_is_refused(body, content_type, status):
    answer = send(body, content_type)

    assert (answer.status_code, answer.content) == (status, b"")


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_it_takes_a_post_only(client, method):
    assert getattr(client, method)("/csp-report").status_code == 405


def test_browsers_send_it_without_a_csrf_token():
    assert send(old_report(), client=Client(enforce_csrf_checks=True)).status_code == 204


def test_a_flood_of_invented_violations_is_slowed_down_and_hardly_written():
    answers = [send(old_report(blocked=f"https://evil.example/{number}")) for number in range(REQUESTS_A_MINUTE + 5)]

    assert [answer.status_code for answer in answers[-5:]] == [429] * 5
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert events().count() == ROWS_PER_ORIGIN
    assert send(old_report(), client=Client(REMOTE_ADDR="192.0.2.1")).status_code == 204


def test_a_report_of_many_violations_is_read_in_part():
    pages = [f"http://testserver/{number}" for number in range(50)]

    send(new_report(*pages)[:MAXIMUM_BYTES], NEW)

    assert events().count() <= ROWS_PER_ORIGIN


def test_a_line_break_in_a_report_makes_no_line_of_its_own_in_the_log(caplog):
    send(old_report(blocked="x\n2026-01-01 CRITICAL root: forged"))

    assert "\n" not in caplog.messages[-1]


NAMES = st.sampled_from(["csp-report", "body", "document-uri", "documentURL", "blocked-uri", "blockedURL", "x"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda some: st.lists(some, max_size=3) | st.dictionaries(NAMES, some, max_size=3),
    max_leaves=10,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(json_values, st.sampled_from([OLD, NEW]), st.integers(1, 254))
def test_no_body_makes_it_fail(value, content_type, number):
    answer = send(json.dumps(value), content_type, Client(REMOTE_ADDR=f"198.51.{number}.1"))

    assert answer.status_code in {204, 429}
