"""`manage.py exports` and `manage.py export_data`: what operators do with exports without the pages."""

import json

import pytest
from django.core.management import CommandError, call_command

from audit.models import AuditLog
from exports.models import DataExportLog
from exports.services.runs import cancel_export
from exports.tests.runs import asked, ready
from exports.tests.samples import make_bot, make_person, read_csv, read_xlsx

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people():
    tehran, isfahan = make_bot("tehran-1"), make_bot("isfahan-1", city="isfahan")
    make_person(tehran, 1, city="tehran")
    make_person(tehran, 2, city="karaj")
    make_person(isfahan, 3, city="isfahan")


def told(capsys, *arguments):
    capsys.readouterr()
    call_command(*arguments)
    return capsys.readouterr().out


def test_exports_are_listed_newest_first_with_their_state(people, capsys):
    first, second = ready(), asked()

    lines = told(capsys, "exports", "list").splitlines()

    assert [line.split()[0] for line in lines] == [str(second.pk), str(first.pk)]
    assert "3 of 3 rows" in lines[1]
    assert told(capsys, "exports", "list", "--state=ready").startswith(f"{first.pk} ")


def test_one_is_shown_with_its_checksum_and_without_its_key(people, capsys):
    run = ready()

    words = told(capsys, "exports", "show", str(run.pk))

    assert run.sha256 in words
    assert run.file_key not in words
    assert run.storage_name not in words


def test_a_failure_is_shown_with_what_to_do(people, capsys):
    run = asked()
    DataExportLog.objects.update(state="failed", reason_code="disk-full")

    assert "enough space" in told(capsys, "exports", "show", str(run.pk))


def test_one_is_cancelled_and_tried_again(people, capsys):
    run = asked()

    assert "cancelled" in told(capsys, "exports", "cancel", str(run.pk))
    told(capsys, "exports", "retry", str(run.pk))

    again = DataExportLog.objects.get(retry_of=run)
    assert (again.state, again.asked_by) == ("queued", run.asked_by)
    cancel_export(run=again, actor=None)
    with pytest.raises(CommandError):
        call_command("exports", "cancel", str(again.pk))


def test_what_is_not_there_is_told(people):
    with pytest.raises(CommandError, match="number 77"):
        call_command("exports", "show", "77")


def test_a_dataset_is_written_straight_to_a_file(people, tmp_path):
    file = tmp_path / "people.csv"

    options = ("--filter=city=tehran,karaj", "--columns", "platform_user_id", "city", "--language=en")
    call_command("export_data", "bot_users", f"--output={file}", *options)

    assert [row[0] for row in read_csv(file.read_bytes())[1:]] == ["1", "2"]
    row = AuditLog.objects.get(action="exports.bot_users.export")
    assert (row.details["filters"], row.details["rows"], row.actor_id) == ({"city": "tehran,karaj"}, 2, None)


def test_other_datasets_are_recorded_as_data(people, tmp_path):
    file = tmp_path / "all.xlsx"
    call_command("export_data", "complete", f"--output={file}", "--candidate=c-tehran-1", "--purpose=a move")

    assert any("tehran-1" in str(row) for row in read_xlsx(file.read_bytes()))
    details = AuditLog.objects.get(action="exports.data.export").details
    assert (details["dataset"], details["candidate"], details["purpose"]) == ("complete", "c-tehran-1", "a move")


def test_json_lines_are_written_too(people, tmp_path):
    file = tmp_path / "people.jsonl"
    call_command("export_data", "bot_users", f"--output={file}", "--columns", "city")

    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert len(lines) == 4  # and the watermark


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["bot_users", "--filter=city"], "NAME=VALUE"),
        (["bot_users", "--candidate=nobody"], "nobody"),
        (["bot_users"], "--purpose"),
        (["complete", "--purpose=x", "--format=xlsx"], "xlsx"),
        (["bot_users", "--columns", "shoe_size"], "shoe_size"),
        (["complete", "--candidate=c-tehran-1", "--purpose=x"], r"\.zip"),
    ],
)
def test_mistakes_are_told_and_leave_no_file(people, tmp_path, arguments, words):
    with pytest.raises(CommandError, match=words):
        call_command("export_data", *arguments, f"--output={tmp_path / 'a.csv'}", "--language=en")
    assert not list(tmp_path.iterdir())
