"""The audit log as a file: by the list's button for those who may, by command without a limit, and always recorded."""

import json
import shlex
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import Client
from django.utils.http import urlencode

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from audit.models import AuditLog
from audit.services import record
from common.testing.database import triggers_off
from exports import views
from exports.errors import ExportRefusedError
from exports.resources import AuditLogResource
from exports.services.direct import export_list
from exports.tests.samples import SEEN, read_csv, read_xlsx

pytestmark = [pytest.mark.usefixtures("repeatable_read"), pytest.mark.django_db]

URL, LIST = "/admin/exports/audit-log", "/admin/audit/auditlog/"


@pytest.fixture
def client() -> Client:
    client = sign_in(make_staff(Role.AUDITOR, username="mina"))
    client.cookies["django_language"] = "en"
    return client


def write(action: str = "plans.plan.add", **fields: Any) -> AuditLog:
    """A row of the log, written at SEEN."""
    with transaction.atomic():
        row = record(action=action, actor=fields.pop("actor", None), **fields)
    with triggers_off():
        AuditLog.objects.filter(pk=row.pk).update(occurred_at=SEEN)
    return row


def download(client: Client, query: dict[str, Any] | None = None, format: str = "csv") -> list[dict[str, Any]]:
    """The rows of the file, by the headings of their columns."""
    response = client.post(f"{URL}?{urlencode(query or {})}", {"format": format})
    assert response.streaming, response.content.decode()
    data = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    headings, *rows = read_csv(data) if format == "csv" else read_xlsx(data)
    return [dict(zip(headings, row, strict=True)) for row in rows]


def exported() -> AuditLog:
    return AuditLog.objects.get(action="exports.audit_log.export")


def test_a_row_is_exported_in_words_and_in_codes_with_both_calendars(client: Client) -> None:
    ali, candidate = make_staff(username="ali"), make_candidate(name="سارا")
    details = {"before": {"city": "تهران"}, "after": {}}
    row = write("accounts.candidate.change", actor=ali, target=candidate, details=details)

    (cells,) = download(client, {"action": "accounts.candidate.change"})

    assert cells["Row"] == str(row.pk)
    assert (cells["Time (Jalali)"], cells["Time (Gregorian)"]) == ("1404/09/01 14:30", "2025-11-22T14:30:05+03:30")
    assert (cells["What happened"], cells["Act's code"]) == ("Candidate: changed", "accounts.candidate.change")
    assert (cells["Person"], cells["Person's number"]) == ("ali", str(ali.pk))
    assert (cells["Kind of object"], cells["Object"], cells["Object's number"]) == (
        "Candidate", "سارا", str(candidate.pk),
    )  # fmt: skip
    assert json.loads(cells["Details (JSON)"]) == details
    assert "تهران" in cells["Details (JSON)"]


def test_excel_gets_the_same_rows(client: Client) -> None:
    row = write()

    (cells,) = download(client, {"action": "plans.plan.add"}, format="xlsx")

    assert (cells["Row"], cells["Act's code"]) == (row.pk, "plans.plan.add")


def test_every_field_of_the_log_is_a_column() -> None:
    attributes = {field.attribute for field in AuditLogResource().get_export_fields()}

    assert attributes == {field.name for field in AuditLog._meta.fields}


def test_hostile_text_is_no_formula(client: Client) -> None:
    write(target=make_candidate(name="=1+1"))

    (cells,) = download(client, {"action": "plans.plan.add"})

    assert cells["Object"] == "'=1+1"


def test_the_filters_of_the_list_hold_and_the_command_means_the_same_rows(client: Client, tmp_path: Path) -> None:
    ali, candidate = make_staff(username="ali"), make_candidate()
    by_ali, about = write(actor=ali).pk, write("accounts.candidate.change", target=candidate).pk
    kind = "accounts.candidate"
    for query, expected in (
        ({"person": ali.pk}, {by_ali}),
        ({"object": f"{kind}:{candidate.pk}"}, {about}),
        ({"object_type": kind, "action": "accounts.candidate.change"}, {about}),
        ({"occurred_at__from": "1404/09/01", "occurred_at__to": "1404/09/01"}, {by_ali, about}),
        ({"occurred_at__to": "1404/08/30"}, set()),
    ):
        listed = {row.pk for row in client.get(LIST, query).context["cl"].result_list}
        command = client.get(f"{URL}?{urlencode(query)}").context["command"]
        file = tmp_path / f"{len(list(tmp_path.iterdir()))}.csv"
        name, *options = shlex.split(command)[1:]
        call_command(name, f"--output={file}", *(option for option in options if not option.startswith("--output")))

        assert listed == expected
        assert {int(row["Row"]) for row in download(client, query)} == expected
        assert {int(row[0]) for row in read_csv(file.read_bytes())[1:]} == expected


def test_exporting_is_recorded_with_filters_and_number_of_rows(client: Client) -> None:
    write()

    download(client, {"action": "plans.plan.add", "q": "Sara"})

    row = exported()
    assert row.actor_label == "mina"
    assert row.details["filters"] == {"action": "plans.plan.add", "q": "(not told)"}
    assert (row.details["rows"], row.details["format"]) == (0, "csv")


def test_only_unlimited_owners_and_auditors_export_the_log() -> None:
    for role in Role:
        expected = 200 if role in (Role.OWNER, Role.AUDITOR) else 403
        assert sign_in(make_staff(role)).get(URL).status_code == expected
    reader = make_staff()
    reader.user_permissions.add(Permission.objects.get(codename="view_auditlog"))
    for staff in (reader, make_staff(Role.OWNER, candidates=[])):
        client = sign_in(staff)
        assert client.get(URL).status_code == client.post(URL, {"format": "csv"}).status_code == 403
        with pytest.raises(ExportRefusedError):
            export_list(
                dataset="audit_log",
                queryset=AuditLog.objects.all(),
                file=BytesIO(),
                format="csv",
                actor=staff,
                language="en",
            )


def test_the_list_has_the_button_for_those_who_may(client: Client) -> None:
    reader = make_staff()
    reader.user_permissions.add(Permission.objects.get(codename="view_auditlog"))

    assert f'href="{URL}?action=plans.plan.add"' in client.get(LIST, {"action": "plans.plan.add"}).content.decode()
    assert URL not in sign_in(reader).get(LIST).content.decode()


def test_exporting_wants_a_second_factor_shown_lately() -> None:
    client = sign_in(make_staff(Role.AUDITOR), factor_age_seconds=16 * 60)

    response = client.post(URL, {"format": "csv"})

    assert response.status_code == 302
    assert response["Location"].startswith("/admin/second-factor/")
    assert not AuditLog.objects.filter(action="exports.audit_log.export").exists()


def test_beyond_the_limit_the_page_shows_the_command_instead(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views, "MAXIMUM_ROWS", 1)
    for _number in range(3):
        write()

    page = client.get(f"{URL}?action=plans.plan.add")

    assert "More than 1 rows match" in page.content.decode()
    assert "manage.py export_audit_log" in page.content.decode()
    assert not client.post(f"{URL}?action=plans.plan.add", {"format": "csv"}).streaming


def test_filters_that_can_not_be_understood_lead_back(client: Client) -> None:
    response = client.get(f"{URL}?occurred_at__from=nonsense")

    assert response["Location"] == LIST


def test_the_command_writes_oldest_rows_first_and_is_recorded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [write().pk for _number in range(3)]

    call_command("export_audit_log", f"--output={tmp_path / 'a.csv'}", "--action=plans.plan.add", "--language=en")

    headings, *cells = read_csv((tmp_path / "a.csv").read_bytes())
    assert headings[0] == "Row"
    assert [int(row[0]) for row in cells] == rows
    assert (exported().actor_id, exported().details["filters"]) == (None, {"action": "plans.plan.add"})
    assert exported().details["sha256"] in capsys.readouterr().out


def test_the_command_refuses_days_that_can_not_be_read(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="--from"):
        call_command("export_audit_log", f"--output={tmp_path / 'a.csv'}", "--from=yesterday")

    assert not list(tmp_path.iterdir())
