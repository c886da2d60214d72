"""The audit log in the admin: read-only, found by person, object, time and kind, quick however long it is."""

import datetime as dt
import re
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from audit.finding import values_that_occur, within_days
from audit.models import AuditLog
from audit.origin import Origin, acting_from
from audit.services import record
from common.admin import BoundedPaginator
from common.admin.date_filter import DayRange
from common.testing.database import triggers_off

pytestmark = pytest.mark.django_db

LIST = "/admin/audit/auditlog/"
NOON = dt.datetime(2025, 11, 22, 8, 30, tzinfo=dt.UTC)  # 1404/09/01 12:00 in Tehran


@pytest.fixture
def auditor() -> User:
    return make_staff(Role.AUDITOR, username="mina")


@pytest.fixture
def client(auditor: User) -> Client:
    client = sign_in(auditor)
    client.cookies["django_language"] = "en"
    return client


def write(action: str = "audit.canary.write", *, at: dt.datetime | None = None, **fields: Any) -> AuditLog:
    """A row of the log, written at `at`."""
    with transaction.atomic():
        row = record(action=action, actor=fields.pop("actor", None), **fields)
    if at:
        with triggers_off():
            AuditLog.objects.filter(pk=row.pk).update(occurred_at=at)
    return row


def listed(client: Client, **query: str | int) -> set[int]:
    response = client.get(LIST, query)
    assert response.status_code == 200
    return {row.pk for row in response.context["cl"].result_list}


def page_of(client: Client, row: AuditLog) -> str:
    return client.get(f"{LIST}{row.pk}/change/").content.decode()


@pytest.mark.parametrize(("role", "status"), [(Role.OWNER, 200), (Role.AUDITOR, 200), (Role.OPERATIONS, 403)])
def test_the_log_is_read_by_owners_and_auditors(role: Role, status: int) -> None:
    row = write()
    client = sign_in(make_staff(role))

    for address in (LIST, f"{LIST}{row.pk}/change/"):
        assert client.get(address).status_code == status


def test_limited_staff_do_not_read_it_whatever_their_roles() -> None:
    assert sign_in(make_staff(Role.OWNER, candidates=[])).get(LIST).status_code == 403


@pytest.mark.parametrize("page", ["add/", "{pk}/delete/"])
def test_nothing_can_be_added_or_deleted(page: str) -> None:
    row = write()

    assert sign_in(make_staff(Role.OWNER)).get(LIST + page.format(pk=row.pk)).status_code == 403


def test_a_posted_change_is_refused() -> None:
    row = write()

    response = sign_in(make_staff(Role.OWNER)).post(f"{LIST}{row.pk}/change/", {"actor_label": "x"})

    assert response.status_code == 403
    assert AuditLog.objects.get(pk=row.pk).actor_label == ""


@pytest.mark.parametrize(("language", "what", "when"), [("en", "Candidate: ", "2025-11-22"), ("fa", "", "1404/09/01")])
def test_the_list_tells_when_what_who_and_what_to_in_words(client: Client, language: str, what: str, when: str) -> None:
    write("accounts.candidate.change", at=NOON, actor=make_staff(username="Ali"), target=make_candidate(name="Sara"))
    client.cookies["django_language"] = language

    html = client.get(LIST).content.decode()

    assert f"{when} 12:00" in html
    for word in (what, "Ali", "Sara"):
        assert word in html
    assert ">accounts.candidate.change<" not in html


def test_a_row_is_found_by_person(client: Client) -> None:
    ali, sara = make_staff(username="ali"), make_staff(username="sara")
    User.objects.filter(pk=ali.pk).update(full_name="Ali Karimi")
    by_ali, about_ali = write(actor=ali), write(actor=sara, target=ali)
    write(actor=sara)

    assert listed(client, q="ALI") == {by_ali.pk, about_ali.pk}
    assert listed(client, q="karimi") == {by_ali.pk}
    assert listed(client, person=ali.pk) == {by_ali.pk, about_ali.pk}


def test_a_row_is_found_by_object_also_when_it_is_gone(client: Client) -> None:
    candidate = make_candidate(name="Sara Karimi")
    row, other = write(target=candidate), write(target=make_candidate(name="Reza"))
    number = candidate.pk
    candidate.delete()

    assert listed(client, q="sara k") == {row.pk}
    assert row.pk in listed(client, q=str(number))
    assert listed(client, object=f"accounts.candidate:{number}") == {row.pk}
    assert other.pk not in listed(client, q="sara k")


def test_a_row_is_found_by_act_and_by_kind_of_object(client: Client) -> None:
    wanted = write("accounts.candidate.change", target=make_candidate())
    write("plans.plan.add")

    assert listed(client, action="accounts.candidate.change") == {wanted.pk}
    assert listed(client, q="accounts.candidate.change") == {wanted.pk}
    assert listed(client, object_type="accounts.candidate") == {wanted.pk}
    assert listed(client, action="") >= {wanted.pk}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"occurred_at__from": "1404/09/01", "occurred_at__to": "1404/09/01"}, {"noon", "late"}),
        ({"occurred_at__from": "1404/09/02"}, {"next"}),
        ({"occurred_at__to": "1404/08/30"}, {"before"}),
        ({"occurred_at__from": "1404/08/30"}, {"before", "noon", "late", "next"}),
        ({"occurred_at__from": "1300/01/01", "occurred_at__to": "1301/01/01"}, set()),
        ({"occurred_at__from": "nonsense"}, set()),
    ],
)
def test_a_row_is_found_by_the_days_of_tehran(client: Client, query: dict[str, str], found: set[str]) -> None:
    hours = {"before": -13, "noon": 0, "late": 11.9, "next": 12.1}
    rows = {name: write(at=NOON + dt.timedelta(hours=number)).pk for name, number in hours.items()}

    assert listed(client, **query, action="audit.canary.write") == {rows[name] for name in found}


@pytest.mark.parametrize("day", [dt.date.min, dt.date.max])
def test_the_ends_of_the_calendar_can_be_asked_for(day: dt.date) -> None:
    row = write()

    assert set(within_days(AuditLog.objects.all(), DayRange(first=dt.date.min, last=day))) <= {row}
    assert set(within_days(AuditLog.objects.all(), DayRange(first=day))) <= {row}


def test_the_filter_offers_the_acts_that_occur_grouped_by_what_they_were_done_to(client: Client) -> None:
    write("accounts.candidate.change")
    write("accounts.candidate.add")

    html = client.get(LIST).content.decode()

    group = html[html.index('<optgroup label="Candidate">') :].partition("</optgroup>")[0]
    assert re.findall(r'value="([^"]+)"', group) == ["accounts.candidate.add", "accounts.candidate.change"]
    assert "accounts.candidate.delete" not in html


def test_the_list_is_ordered_by_number_only(client: Client) -> None:
    rows = [write() for _number in range(3)]

    newest_first = [row.pk for row in client.get(LIST, {"action": "audit.canary.write"}).context["cl"].result_list]
    oldest_first = [
        row.pk for row in client.get(LIST, {"action": "audit.canary.write", "o": "0"}).context["cl"].result_list
    ]

    assert newest_first == [row.pk for row in reversed(rows)]
    assert oldest_first == [row.pk for row in rows]
    assert list(client.get(LIST, {"o": "3"}).context["cl"].queryset.query.order_by) == ["-id"]


@pytest.mark.parametrize(
    "name",
    ["action", "object_type", "person", "object", "session_id", "request_id", "occurred_at__from", "q", "p", "o"],
)
@pytest.mark.parametrize("value", ["%00", "99999999999999999999", "-1", "x", "'; --", "۹۹", ":", "a:b:c"])
def test_nonsense_in_the_address_breaks_nothing(client: Client, name: str, value: str) -> None:
    for page in (LIST, "/admin/exports/audit-log"):
        assert client.get(f"{page}?{name}={value}").status_code < 500


def test_a_rows_page_shows_before_and_after_by_the_fields_names_and_hides_secrets(client: Client) -> None:
    details = {
        "changed": ["city", "phone", "contact_name"],
        "before": {"city": "shiraz", "contact_name": None},
        "after": {"city": "tehran", "contact_name": "Ali"},
        "related": [{"verb": "add", "type": "accounts.staffscope", "label": "Isfahan", "after": {"region": "isfahan"}}],
        "token": "never-written-but-if-it-were",
        "reason": "moved",
    }
    row = write("accounts.candidate.change", target=make_candidate(name="Sara"), details=details)

    html = re.sub(r"\s+", " ", page_of(client, row))

    assert '<tr><th scope="row">City</th><td><bdi>Shiraz</bdi></td><td><bdi>Tehran</bdi></td></tr>' in html
    assert '<th scope="row">Phone</th><td><bdi>••••••</bdi></td><td><bdi>••••••</bdi></td>' in html
    assert '<th scope="row">Contact person</th><td><bdi>–</bdi></td><td><bdi>Ali</bdi></td>' in html
    assert "Scope: Isfahan (added)" in html
    assert '<th scope="row">Reason</th><td><bdi>moved</bdi></td>' in html
    assert "never-written" not in html


@pytest.mark.parametrize(
    "details",
    [
        {"before": ["owner"], "after": []},
        {"related": [{}]},
        {"changed": ["gone_field"], "before": {"gone_field": {"a": [1, None]}}, "after": {}},
        {"filters": {"q": "(not told)"}, "with_phones": True},
        {"hostile": "<script>alert(1)</script>"},
    ],
)
def test_a_rows_page_opens_whatever_its_details_are(client: Client, details: dict[str, Any]) -> None:
    html = page_of(client, write("gone.model.act", details=details))

    assert "gone.model" in html
    assert "<script>alert" not in html


def test_a_rows_page_leads_to_everything_of_its_person_object_session_and_request(client: Client) -> None:
    ali, candidate = make_staff(username="ali"), make_candidate(name="Sara")
    origin = Origin(address="192.0.2.7", agent="Firefox", session_id="s" * 20, request_id="r" * 32)
    with acting_from(origin):
        rows = [write(actor=ali, target=candidate), write(actor=ali)]
    write(actor=make_staff(), target=make_candidate())

    html = page_of(client, rows[0])

    assert "192.0.2.7" in html
    assert "Firefox" in html
    links = [link.replace("&amp;", "&") for link in re.findall(rf'href="({LIST}\?[^"]+)"', html)]
    found = {tuple(sorted(row.pk for row in client.get(link).context["cl"].result_list)) for link in links}
    both, first = tuple(sorted(row.pk for row in rows)), (rows[0].pk,)
    assert len(links) == 4
    assert {both, first} <= found
    assert f'href="/admin/accounts/candidate/{candidate.pk}/change/"' in html


def test_staff_pages_and_objects_lead_readers_of_the_log_to_their_timeline(client: Client) -> None:
    candidate, ali = make_candidate(), make_staff()

    for page, query in (
        (f"/admin/accounts/candidate/{candidate.pk}", f"object=accounts.candidate%3A{candidate.pk}"),
        (f"/admin/accounts/user/{ali.pk}", f"person={ali.pk}"),
    ):
        assert f'href="{LIST}?{query}"' in client.get(f"{page}/change/").content.decode()
        assert client.get(f"{page}/history/")["Location"] == f"{LIST}?{query}"


def test_others_keep_djangos_history() -> None:
    candidate = make_candidate()
    client = sign_in(make_staff(Role.SUPPORT))

    assert LIST not in client.get(f"/admin/accounts/candidate/{candidate.pk}/change/").content.decode()
    assert client.get(f"/admin/accounts/candidate/{candidate.pk}/history/").status_code == 200


def test_a_timeline_shows_who_it_is_about_and_can_be_taken_off(client: Client) -> None:
    ali = make_staff(username="ali")
    write(actor=ali)

    html = client.get(LIST, {"person": ali.pk}).content.decode()

    assert "By person" in re.sub(r"\s+", " ", html)
    assert '<a href="?">All</a>' in html


def test_the_page_of_another_kind_of_object_has_no_link_of_its_own(client: Client) -> None:
    row = write(target=make_candidate())
    with triggers_off():
        AuditLog.objects.filter(pk=row.pk).update(object_type="gone.model")

    assert "gone.model" in page_of(client, row)


# At ten million rows.


def test_no_query_of_the_list_counts_the_whole_log(client: Client) -> None:
    for number in range(3):
        write("plans.plan.add" if number else "accounts.candidate.change")

    for query in ({}, {"action": "plans.plan.add"}, {"occurred_at__from": "2025-01-01"}, {"q": "sara"}, {"person": 1}):
        with CaptureQueriesContext(connection) as queries:
            client.get(LIST, query)
        on_log = [entry["sql"] for entry in queries if "audit_auditlog" in entry["sql"]]
        counts = [sql for sql in on_log if "COUNT(" in sql]
        assert counts
        assert all("LIMIT" in sql for sql in counts)
        assert not any("DISTINCT" in sql for sql in on_log)


def test_counting_stops_and_says_so(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    monkeypatch.setattr(BoundedPaginator, "most_rows", 2)
    for _number in range(4):
        write()

    response = client.get(LIST, {"action": "audit.canary.write"})

    assert response.context["cl"].result_count == 2
    assert "2+ audit log" in response.content.decode()


def test_the_values_that_occur_come_from_the_index_and_are_complete() -> None:
    for action in ("b.b.b", "a.a.a", "b.b.b", "c.c.c"):
        write(action)

    assert [value for value in values_that_occur("action") if value[1] == "."] == ["a.a.a", "b.b.b", "c.c.c"]


def plan_of(queryset: Any) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    return str(queryset.explain())


def test_a_name_an_object_and_a_person_are_found_by_index() -> None:
    rows = AuditLog.objects.order_by()

    assert "audit_by_label" in plan_of(rows.filter(object_label__istartswith="sara"))
    assert "audit_by_object" in plan_of(rows.filter(object_type="a", object_id="1"))
    assert "audit_by_actor" in plan_of(rows.filter(actor_id=1))


def test_a_days_rows_are_read_by_their_numbers() -> None:
    row = write(at=NOON)

    sql = str(within_days(AuditLog.objects.all(), DayRange(NOON.date(), NOON.date())).query)

    assert f'"id" >= {row.pk}' in sql
    assert f'"id" < {row.pk + 1}' in sql
