"""What an operator types at two in the morning."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override

from accounts.models import Candidate
from audit.models import AuditLog
from bots.models import BotUser
from exports.tests.backup_world import (  # noqa: F401 (a fixture)
    PASSPHRASE,
    contents,
    emptied_world,
    empty_database,
    make_world,
)
from exports.tests.samples import HOSTILE
from exports.vault.writer import VaultWriter

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("emptied_world")]


@pytest.fixture(autouse=True)
def _in_english():
    with override("en"):
        yield


@pytest.fixture
def world():
    return make_world()


@pytest.fixture
def passphrase(settings):
    settings.BACKUP_PASSPHRASE = PASSPHRASE


def test_a_backup_is_made_looked_at_and_restored(world, passphrase, tmp_path, capsys):
    path, before = tmp_path / "backup", contents()
    call_command("make_backup", output=path)
    assert "rows of" in capsys.readouterr().out
    assert path.stat().st_mode & 0o777 == 0o600
    assert AuditLog.objects.get(action="exports.backup.make").details["file"] == "backup"
    empty_database()

    call_command("restore_backup", path)
    told = capsys.readouterr().out
    assert "Nothing was changed. With --yes it is done." in told
    assert next(line for line in told.splitlines() if line.startswith("bots_botuser")).split()[1] == str(
        2 * len(HOSTILE)
    )
    assert not Candidate.objects.exists()
    call_command("restore_backup", path, "--yes", "--json")
    assert json.loads(capsys.readouterr().out)["candidate"] == ""
    assert contents() == before


def test_nothing_of_it_is_readable_without_the_pass_phrase(world, passphrase, tmp_path):
    call_command("make_backup", output=tmp_path / "backup")
    content = (tmp_path / "backup").read_bytes()
    assert not [word for word in (b"karimi", b"tehran", b"manifest", b"+98912") if word in content]


def test_without_a_pass_phrase_a_recovery_key_is_printed_once(world, settings, tmp_path, capsys):
    path = tmp_path / "backup"
    call_command("make_backup", output=path, candidate="karimi")
    captured = capsys.readouterr()
    key = next(line.strip() for line in captured.out.splitlines() if line.startswith("    "))
    assert len(key) == 39
    assert "isn't a terminal" in captured.err
    empty_database()
    with pytest.raises(CommandError, match="ELECTIONSITE_BACKUP_PASSPHRASE"):
        call_command("restore_backup", path)
    settings.BACKUP_PASSPHRASE = key
    call_command("restore_backup", path, "--yes")
    assert Candidate.objects.get().code == "karimi"


def test_a_conflict_is_told_with_its_rows(world, passphrase, tmp_path, capsys):
    call_command("make_backup", output=tmp_path / "backup")
    BotUser.objects.filter(bot__slug="bot-karimi", platform_user_id=100).update(first_name="Renamed")
    capsys.readouterr()
    with pytest.raises(CommandError, match="--keep-ours"):
        call_command("restore_backup", tmp_path / "backup", "--yes")
    assert "≠ " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [({"candidate": "nobody"}, "no candidate with the code nobody"), ({}, "exists already"),
     ({"output": "/nowhere/backup"}, "can't be written")],
)  # fmt: skip
def test_what_can_t_be_made_is_told(world, passphrase, tmp_path, arguments, words):
    path = tmp_path / "backup"
    path.write_text("here")
    with pytest.raises(CommandError, match=words):
        call_command("make_backup", **{"output": path, **arguments})
    assert path.read_text() == "here"


def test_a_short_pass_phrase_is_refused(world, settings, tmp_path):
    settings.BACKUP_PASSPHRASE = "short"
    with pytest.raises(CommandError, match="at least 16 characters"):
        call_command("make_backup", output=tmp_path / "backup")
    assert not list(tmp_path.iterdir())


def test_a_failure_midway_leaves_no_file(world, passphrase, tmp_path, monkeypatch):
    monkeypatch.setattr(VaultWriter, "finish", lambda _writer: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(CommandError, match="No space left"):
        call_command("make_backup", output=tmp_path / "backup")
    assert not list(tmp_path.iterdir())
