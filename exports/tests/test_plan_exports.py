"""A plan's history and the rows of a move as files: over HTTP for those who may, by command, and always recorded."""

import shlex
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from audit.models import AuditLog
from exports import views
from exports.resources import PlanHistoryResource
from exports.tests.samples import SEEN, read_csv, read_xlsx
from plans.models import Plan, PlanReleaseHistory, Stage, SubscriberMove, SubscriberMoveRow, Subscription
from plans.services import disable_plan, enable_plan, schedule_plan_release
from plans.testing import make_plan

pytestmark = [pytest.mark.usefixtures("repeatable_read"), pytest.mark.django_db]


def browser(role: Role = Role.RELEASE_MANAGER, language: str = "en", **more: Any) -> Client:
    client = sign_in(make_staff(role, **more))
    client.cookies["django_language"] = language
    return client


def history_page(plan: Plan) -> str:
    return f"/admin/exports/plan-history/{plan.pk}"


def move_page(move: SubscriberMove) -> str:
    return f"/admin/exports/move/{move.pk}"


def download(client: Client, address: str, format: str = "csv") -> list[dict[str, Any]]:
    """The rows of the file, by the headings of their columns."""
    response = client.post(address, {"format": format})
    assert response.streaming, response.content.decode()
    data = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    headings, *rows = read_csv(data) if format == "csv" else read_xlsx(data)
    return [dict(zip(headings, row, strict=True)) for row in rows]


@pytest.fixture
def plan() -> Plan:
    """A plan that was scheduled, put on sale and taken off."""
    plan = make_plan("gold", stage=Stage.DRAFT)
    with time_machine.travel(SEEN, tick=False):
        owner = make_staff(Role.OWNER, username="mina")
        date = SEEN.replace(month=12)
        schedule_plan_release(plan_code="gold", release_date=date, notes="<p>New</p>", actor=owner)
        enable_plan(plan_code="gold", enabled_by=owner, reason="=1+1")
        disable_plan(plan_code="gold", reason="قیمت", actor=None)
    return plan


@pytest.fixture
def move() -> SubscriberMove:
    """A move that moved one, skipped one, and failed with one."""
    old, new = make_plan("old"), make_plan("new")
    move = SubscriberMove.objects.create(
        old_plan=old, new_plan=new, reason="x", state="done", before_count=3, moved_count=1, skipped_count=1,
        failed_count=1,
    )  # fmt: skip
    for code, outcome, why in (("a", "moved", ""), ("b", "skipped", "ended"), ("c", "failed", "=no")):
        candidate = make_candidate(code, name=f"Name {code}")
        subscription = Subscription.objects.create(candidate=candidate, plan=old, price_rials=1)
        SubscriberMoveRow.objects.create(move=move, subscription=subscription, outcome=outcome, why=why)
    return move


def test_a_plans_history_is_exported_as_a_story_in_both_calendars(plan: Plan) -> None:
    scheduled, enabled, disabled = download(browser(), history_page(plan))

    assert (scheduled["Time (Jalali)"], scheduled["Time (Gregorian)"]) == (
        "1404/09/01 14:30", "2025-11-22T14:30:05+03:30",
    )  # fmt: skip
    assert scheduled["Goes on sale at (Jalali)"] == "1404/10/01 14:30"
    assert (scheduled["What happened"], scheduled["Person"]) == ("release scheduled", "mina")
    assert "New" in scheduled["Release notes"]
    assert (enabled["Stage before"], enabled["Stage after"]) == ("scheduled", "on sale")
    assert (disabled["Reason"], disabled["Person"]) == ("قیمت", "the system")


def test_text_that_looks_like_a_formula_is_none(plan: Plan) -> None:
    assert download(browser(), history_page(plan))[1]["Reason"] == "'=1+1"


def test_excel_gets_the_same_story_in_persian(plan: Plan) -> None:
    rows = download(browser(language="fa"), history_page(plan), "xlsx")

    assert len(rows) == 3
    assert "1404/09/01 14:30" in rows[0].values()
    assert "mina" in rows[0].values()


def test_other_plans_steps_stay_out(plan: Plan) -> None:
    enable_plan(plan_code=make_plan("other", stage=Stage.DRAFT).code, enabled_by=None, reason="x")

    assert {row["Plan's code"] for row in download(browser(), history_page(plan))} == {"gold"}


def test_every_field_of_the_history_is_a_column() -> None:
    attributes = {field.attribute for field in PlanHistoryResource().get_export_fields()}

    assert attributes == {field.name for field in PlanReleaseHistory._meta.fields}


def test_exporting_is_recorded(plan: Plan, move: SubscriberMove) -> None:
    client = browser()
    download(client, history_page(plan))
    download(client, f"{move_page(move)}?outcome=failed")

    history = AuditLog.objects.get(action="exports.plan_history.export")
    rows = AuditLog.objects.get(action="exports.subscriber_move.export")
    assert (history.details["filters"], history.details["rows"]) == ({"plan": "gold"}, 3)
    assert (rows.details["filters"], rows.details["rows"]) == ({"move": str(move.pk), "outcome": "failed"}, 1)


@pytest.mark.parametrize(
    ("outcome", "names"),
    [
        ("all", ["Name a", "Name b", "Name c"]),
        ("moved", ["Name a"]),
        ("left", ["Name b", "Name c"]),
        ("?", ["Name a", "Name b", "Name c"]),
    ],
)
def test_a_moves_rows_are_exported_with_their_outcome(move: SubscriberMove, outcome: str, names: list[str]) -> None:
    rows = download(browser(), f"{move_page(move)}?outcome={outcome}")

    assert [row["Candidate"] for row in rows] == names


def test_a_row_of_a_move_says_why(move: SubscriberMove) -> None:
    _moved, skipped, failed = download(browser(), move_page(move))

    assert (skipped["Outcome"], skipped["Why"]) == ("skipped", "the subscription has ended")
    assert (failed["Candidate's code"], failed["Why"]) == ("c", "'=no")


def test_the_pages_lead_to_their_exports(plan: Plan, move: SubscriberMove) -> None:
    client, reader = browser(), browser(Role.SUPPORT)
    history = f"/admin/plans/{plan.pk}/history"
    progress = f"/admin/plans/migrate-users/{move.pk}?outcome=moved"

    assert history_page(plan) in client.get(history).content.decode()
    assert f'href="{move_page(move)}?outcome=moved"' in client.get(progress).content.decode()
    assert history_page(plan) not in reader.get(history).content.decode()
    assert move_page(move) not in reader.get(progress).content.decode()


@pytest.mark.parametrize("role", list(Role))
def test_owners_release_managers_and_auditors_export(plan: Plan, move: SubscriberMove, role: Role) -> None:
    expected = 200 if role in (Role.OWNER, Role.RELEASE_MANAGER, Role.AUDITOR) else 403
    client = browser(role)

    for address in (history_page(plan), move_page(move)):
        assert client.get(address).status_code == expected
        if expected == 403:
            assert client.post(address, {"format": "csv"}).status_code == 403
        else:
            assert download(client, address)


def test_who_is_limited_to_some_candidates_exports_no_move(move: SubscriberMove) -> None:
    assert browser(Role.OWNER, candidates=[]).get(move_page(move)).status_code == 403


def test_what_is_not_there_is_not_found() -> None:
    client = browser()
    assert client.get("/admin/exports/plan-history/77").status_code == 404
    assert client.get("/admin/exports/move/77").status_code == 404


def test_beyond_the_limit_the_page_shows_a_command_that_exports_the_same(
    plan: Plan, move: SubscriberMove, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(views, "MAXIMUM_ROWS", 0)
    client = browser()
    for address, expected in ((history_page(plan), 3), (f"{move_page(move)}?outcome=failed", 1)):
        command = client.get(address).context["command"]
        name, *options = shlex.split(command)[1:]
        file = tmp_path / f"{name}.csv"
        call_command(name, f"--output={file}", *(option for option in options if not option.startswith("--output")))

        assert len(read_csv(file.read_bytes())) == expected + 1


def test_the_commands_refuse_what_is_not_there(tmp_path: Path) -> None:
    for command, option in (("export_plan_history", "--plan=none"), ("export_move", "--move=77")):
        with pytest.raises(CommandError):
            call_command(command, f"--output={tmp_path / 'a.csv'}", option)
    assert not list(tmp_path.iterdir())
