"""Somebody with all rights in the database bends the log; verifying names what they did."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from audit.models import AuditLog
from audit.seals.chain import to_line
from audit.seals.report import Finding, Kind
from audit.seals.sealing import seal_new_rows, stored_seals
from audit.seals.verification import verify_log
from audit.services import record
from common.crypto import make_key
from common.testing.database import triggers_off

pytestmark = pytest.mark.django_db(transaction=True)

COLUMNS = ", ".join(str(field.column) for field in AuditLog._meta.fields if field.column != "id")


@pytest.fixture
def rows() -> list[int]:
    """Ten rows under two seals, with a gap of ids that were never committed between the fifth and the sixth."""
    ids = write(5)
    with transaction.atomic():
        write(2)
        transaction.set_rollback(True)
    seal_new_rows()
    ids += write(5)
    seal_new_rows()
    return ids


@pytest.fixture
def copy(rows: list[int], tmp_path: Path) -> Path:
    """The seals as they were sent off the machine before anybody bent anything."""
    path = tmp_path / "seals.jsonl"
    path.write_text("".join(f"{to_line(seal)}\n" for seal in stored_seals()))
    return path


def write(count: int) -> list[int]:
    with transaction.atomic():
        return [record(action="audit.test.act", actor=None, details={"number": n}).pk for n in range(count)]


def tamper(statement: str, *values: Any) -> None:
    with triggers_off(), connection.cursor() as cursor:
        cursor.execute(statement, values)


def findings(**options: object) -> list[tuple[Kind, int | None]]:
    report = verify_log(**options)  # type: ignore[arg-type]
    return [(finding.kind, finding.row or finding.seal) for finding in report.findings]


def test_an_untouched_log_is_as_it_was_sealed(rows: list[int], copy: Path) -> None:
    report = verify_log(copies=[copy])
    assert (report.rows, report.seals, report.unsealed_rows, report.findings) == (10, 2, 0, [])


def test_a_changed_row_is_named(rows: list[int]) -> None:
    tamper("UPDATE audit_auditlog SET actor_label = 'somebody else' WHERE id = %s", rows[3])
    assert findings() == [(Kind.ROW_CHANGED, rows[3])]


@pytest.mark.parametrize("column", [field.column for field in AuditLog._meta.fields if field.column != "id"])
def test_no_column_can_be_changed_unnoticed(rows: list[int], column: str) -> None:
    values = {"occurred_at": "2026-01-01", "actor_id": 7, "address": "192.0.2.1", "details": '{"number": 99}'}
    tamper(f"UPDATE audit_auditlog SET {column} = %s WHERE id = %s", values.get(column, "x"), rows[0])  # noqa: S608
    assert findings() == [(Kind.ROW_CHANGED, rows[0])]


def test_a_removed_row_is_named(rows: list[int]) -> None:
    tamper("DELETE FROM audit_auditlog WHERE id = %s", rows[6])
    assert findings() == [(Kind.ROW_MISSING, rows[6])]


@pytest.mark.parametrize("place", ["in the gap", "before the first"])
def test_an_inserted_row_is_named(rows: list[int], place: str) -> None:
    intruder = rows[4] + 1 if place == "in the gap" else -5
    copied = f"INSERT INTO audit_auditlog (id, {COLUMNS}) SELECT %s, {COLUMNS} FROM audit_auditlog WHERE id = %s"  # noqa: S608
    tamper(copied, intruder, rows[0])
    assert findings() == [(Kind.ROW_INSERTED, intruder)]


def test_two_rows_that_changed_places_are_named(rows: list[int]) -> None:
    swap = "UPDATE audit_auditlog SET id = CASE id WHEN %s THEN -1 ELSE id END WHERE id IN (%s, %s)"
    tamper(swap, rows[1], rows[1], rows[2])
    tamper("UPDATE audit_auditlog SET id = %s WHERE id = %s", rows[1], rows[2])
    tamper("UPDATE audit_auditlog SET id = %s WHERE id = -1", rows[2])
    assert findings() == [(Kind.ROW_CHANGED, rows[1]), (Kind.ROW_CHANGED, rows[2])]


def test_everything_that_was_bent_is_told_and_the_first_row_is_named_first(rows: list[int]) -> None:
    tamper("UPDATE audit_auditlog SET action = 'x' WHERE id = %s", rows[8])
    tamper("DELETE FROM audit_auditlog WHERE id = %s", rows[2])
    report = verify_log()
    assert report.finding_count == 2
    assert report.first_broken_row == Finding(Kind.ROW_MISSING, seal=1, row=rows[2])


def test_a_seal_that_was_made_to_fit_a_changed_row_lacks_the_key(rows: list[int]) -> None:
    tamper("UPDATE audit_auditseal SET content_digest = sha256('x'), row_count = 5 WHERE number = 1")
    assert (Kind.SEAL_CHANGED, 1) in findings()


def test_a_seal_of_another_key_is_not_believed(rows: list[int], settings) -> None:
    honest = settings.AUDIT_KEYS
    tamper("DELETE FROM audit_auditseal")
    tamper("UPDATE audit_auditlog SET actor_label = 'somebody else' WHERE id = %s", rows[0])
    settings.AUDIT_KEYS = f"{honest.partition(':')[0]}:{make_key()}"
    seal_new_rows()
    settings.AUDIT_KEYS = honest
    assert findings() == [(Kind.SEAL_CHANGED, 1)]


def test_a_missing_key_is_told_by_its_name(rows: list[int], settings) -> None:
    settings.AUDIT_KEYS = f"other:{make_key()}"
    report = verify_log()
    assert {finding.kind for finding in report.findings} == {Kind.SEAL_KEY_MISSING}


def test_a_removed_seal_is_missed(rows: list[int]) -> None:
    tamper("DELETE FROM audit_auditseal WHERE number = 1")
    assert (Kind.SEAL_MISSING, 1) in findings()


def test_a_removed_seal_is_replaced_by_its_copy(rows: list[int], copy: Path) -> None:
    tamper("DELETE FROM audit_auditseal WHERE number = 1")
    tamper("UPDATE audit_auditlog SET action = 'x' WHERE id = %s", rows[1])
    assert findings(copies=[copy]) == [(Kind.SEAL_MISSING, 1), (Kind.ROW_CHANGED, rows[1])]


def test_a_log_cut_off_at_its_end_is_noticed_with_the_copy_only(rows: list[int], copy: Path) -> None:
    tamper("DELETE FROM audit_auditseal WHERE number = 2")
    tamper("DELETE FROM audit_auditlog WHERE id >= %s", rows[5])
    assert findings() == []
    missing = [(Kind.ROW_MISSING, row) for row in rows[5:]]
    assert findings(copies=[copy]) == [(Kind.SEAL_MISSING, 2), *missing]


def test_a_log_sealed_anew_by_a_thief_of_the_key_differs_from_the_copy(rows: list[int], copy: Path) -> None:
    tamper("DELETE FROM audit_auditseal")
    tamper("UPDATE audit_auditlog SET actor_label = 'somebody else' WHERE id = %s", rows[4])
    seal_new_rows()
    assert findings() == []
    found = findings(copies=[copy])
    assert (Kind.COPY_DIFFERS, 1) in found
    assert (Kind.ROW_CHANGED, rows[4]) in found


def test_a_forged_or_broken_line_of_the_copy_is_told_and_not_believed(rows: list[int], copy: Path) -> None:
    lines = copy.read_text().splitlines()
    forged = {**json.loads(lines[0]), "row_count": 5, "number": 1, "last_row_id": 10**9}
    copy.write_text("\n".join([json.dumps(forged), lines[1], '{"cut']) + "\n")
    report = verify_log(copies=[copy])
    assert [finding.note for finding in report.findings] == ["seals.jsonl:1", "seals.jsonl:3"]


def test_rows_that_wait_too_long_for_a_seal_are_told(rows: list[int]) -> None:
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False):
        late = write(1)
    assert findings() == [(Kind.NOT_SEALED, late[0])]


def test_only_the_newest_seals_can_be_checked(rows: list[int]) -> None:
    tamper("UPDATE audit_auditlog SET action = 'x' WHERE id = %s", rows[0])
    assert findings(after=1) == []


def run(*arguments: str) -> tuple[str, bool]:
    told = io.StringIO()
    try:
        call_command("verify_audit", *arguments, stdout=told)
    except CommandError:
        return told.getvalue(), False
    return told.getvalue(), True


def test_the_command_names_the_first_broken_row_and_fails(rows: list[int], copy: Path) -> None:
    assert run("--copy", str(copy))[1]
    tamper("UPDATE audit_auditlog SET action = 'x' WHERE id = %s", rows[7])
    words, is_well = run()
    assert not is_well
    assert f"First broken row: {rows[7]}" in words
    assert json.loads(run("--json")[0])["first_broken_row"] == rows[7]


def test_the_command_says_what_it_can_not_do(rows: list[int]) -> None:
    for arguments, words in ((["--copy", "/no/such/file"], "/no/such/file"), (["--after-seal", "9"], "9")):
        with pytest.raises(CommandError, match=words):
            call_command("verify_audit", *arguments)


def test_verifying_is_recorded(rows: list[int]) -> None:
    run()
    assert AuditLog.objects.get(action="audit.log.verify").details == {
        "rows": 10, "seals": 2, "findings": 0, "copies": [],
    }  # fmt: skip
