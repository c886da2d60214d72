import os
import signal

import pytest
from django.core.management import CommandError, call_command

from audit.models import AuditLog
from exports.engine import writing
from exports.tests.samples import SEEN, make_bot, make_person, nothing_read, read_csv, read_xlsx

pytestmark = [pytest.mark.usefixtures("repeatable_read"), pytest.mark.django_db]


@pytest.fixture
def people(tmp_path):
    tehran, isfahan = make_bot("tehran-1"), make_bot("isfahan-1", city="isfahan")
    make_person(tehran, 1, city="tehran", source="poster", phone="09127005026")
    make_person(tehran, 2, city="", source="", is_blocked=True)
    make_person(isfahan, 3, city="isfahan", first_seen_at=SEEN.replace(year=2024), last_seen_at=SEEN.replace(year=2024))
    return tmp_path


def run(*options, output, language="en"):
    call_command("export_bot_users", f"--output={output}", f"--language={language}", "--purpose=test", *options)


def numbers(path) -> set[int]:
    return {int(row[0]) for row in read_csv(path.read_bytes())[1:]}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], {1, 2, 3}),
        (["--bot", "tehran-1"], {1, 2}),
        (["--bot", "tehran-1", "isfahan-1"], {1, 2, 3}),
        (["--candidate", "c-isfahan-1"], {3}),
        (["--source", "poster"], {1}),
        (["--source", "-"], {2, 3}),
        (["--city=isfahan", "--city=-"], {2, 3}),
        (["--blocked", "yes"], {2}),
        (["--blocked", "no"], {1, 3}),
        (["--first-seen-from", "1404/09/01"], {1, 2}),
        (["--first-seen-to", "۱۴۰۴/۰۸/۳۰"], {3}),
        (["--last-seen-from", "2024-11-22", "--last-seen-to", "2024-11-22"], {3}),
        (["--city", "atlantis"], set()),
    ],
)
def test_each_option_picks_its_people(people, options, expected):
    run(*options, output=people / "a.csv")
    assert numbers(people / "a.csv") == expected


def test_the_ending_chooses_the_format_and_the_language_the_words(people, capsys):
    run(output=people / "a.xlsx")
    headings, *rows = read_xlsx((people / "a.xlsx").read_bytes())
    assert headings[1] == "First name"
    assert len(rows) == 3
    assert "Phone" not in headings
    told = capsys.readouterr()
    assert "3" in told.out
    assert AuditLog.objects.get(action="exports.bot_users.export").details["sha256"] in told.out
    assert told.err == ""  # no progress bar where nobody watches


def test_people_need_a_purpose_and_leave_a_trace(people):
    with pytest.raises(CommandError, match="--purpose"):
        run("--purpose=", output=people / "a.csv")
    assert list(people.iterdir()) == []
    run("--with-phones", "--purpose=meeting", output=people / "a.csv")
    assert "09127005026" in (people / "a.csv").read_text()
    details = AuditLog.objects.get(action="exports.bot_users.export").details
    assert ("phone" in details["columns"], details["purpose"]) == (True, "meeting")


def test_standard_output_gets_the_file_and_nothing_else(people, capfdbinary):
    run("--format=csv", output="-")
    told = capfdbinary.readouterr()
    assert len(read_csv(told.out)) == 4
    assert b"sha256" in told.err


def test_an_existing_file_is_kept_unless_told_otherwise(people):
    (people / "a.csv").write_text("old")
    with pytest.raises(CommandError, match="--overwrite"):
        run(output=people / "a.csv")
    assert (people / "a.csv").read_text() == "old"
    run("--overwrite", output=people / "a.csv")
    assert numbers(people / "a.csv") == {1, 2, 3}


@pytest.mark.parametrize(
    ("options", "output", "words"),
    [
        (["--bot", "nobody"], "a.csv", "nobody.*tehran-1"),
        (["--candidate", "nobody"], "a.csv", "nobody.*c-isfahan-1"),
        (["--first-seen-from", "yesterday"], "a.csv", "--first-seen"),
        (["--last-seen-from=1404/09/02", "--last-seen-to=1404/09/01"], "a.csv", "--last-seen"),
        ([], "a.pdf", "--format"),
        ([], "-", "--format"),
        (["--format=csv"], "", "."),
        ([], "missing/a.csv", "missing"),
    ],
)
def test_mistakes_are_told_and_leave_nothing(people, options, output, words):
    with pytest.raises(CommandError, match=words):
        run(*options, output=output if output == "-" else people / output)
    assert list(people.iterdir()) == []


def stop_by_keyboard(*_arguments):
    raise KeyboardInterrupt


def stop_by_signal(*_arguments):
    os.kill(os.getpid(), signal.SIGTERM)
    return nothing_read()


@pytest.mark.parametrize("stop", [stop_by_keyboard, stop_by_signal])
def test_an_interrupted_run_leaves_nothing(people, monkeypatch, stop):
    monkeypatch.setattr(writing, "read_blocks", stop)
    with pytest.raises(CommandError) as raised:
        run(output=people / "a.csv")
    assert raised.value.returncode == 130
    assert list(people.iterdir()) == []


def test_an_incomplete_run_fails_and_leaves_nothing(people, monkeypatch):
    monkeypatch.setattr(writing, "read_blocks", nothing_read)
    with pytest.raises(CommandError):
        run(output=people / "a.csv")
    assert list(people.iterdir()) == []
    assert not AuditLog.objects.filter(action="exports.bot_users.export").exists()


def test_no_match_is_told_and_still_gives_a_file_with_headings(people, capsys):
    run("--city=atlantis", output=people / "a.csv")
    assert capsys.readouterr().err
    assert len(read_csv((people / "a.csv").read_bytes())) == 1
