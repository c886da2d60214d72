"""The folder when things go wrong: a full disk, a killed process, foreign eyes, a key that changed."""

import io
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
import time_machine
from constance import config
from django.core.exceptions import SuspiciousFileOperation
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from common.crypto import make_key, parse_key_ring
from exports.errors import ExportFailedError
from exports.models import DataExportLog
from exports.services.cleaning import SETTLED_AFTER, cleanup_old_exports
from exports.tests.small_disk import small_disk
from exports.vault import (
    decrypt_export_file,
    encrypt_export_file,
    free_bytes,
    new_vault_file,
    remove_vault_file,
    vault_files,
)
from exports.vault.files import MEGABYTE

pytestmark = pytest.mark.django_db
NUMBER = uuid4()
WRITER = """
import sys
import django
django.setup()
import psutil
from common.crypto import make_key
from exports.vault.local import LocalVaultStorage
from exports.vault.writer import VaultWriter

folder, name, turns = sys.argv[1:]
with LocalVaultStorage(location=folder).new_file(name, keep_free_bytes=0) as sink:
    writer = VaultWriter(sink, storage_name=name, key=make_key(), associated_data=b"number")
    before = psutil.Process().memory_info().rss
    for _turn in range(int(turns)):
        writer.write("a secret of a citizen, ".encode() * 50_000)
    print(psutil.Process().memory_info().rss - before, flush=True)
    sys.stdin.read()
"""


@contextmanager
def writing_process(folder: Path, name: str, megabytes: int) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """A process that has written so much and waits, and by how many bytes its memory has grown by that."""
    command = [sys.executable, "-c", WRITER, str(folder), name, str(megabytes)]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "electionsite.settings"}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


def write(size: int, name: str = "name", expected_bytes: int = 0) -> None:
    with new_vault_file(name, number=NUMBER, expected_bytes=expected_bytes) as file:
        file.write(bytes(size))


def leave_free(megabytes: int) -> None:
    """As staff would set it."""
    config.EXPORT_SPARE_MEGABYTES = megabytes


def refused_as_full(size: int, **options) -> bool:
    with pytest.raises(ExportFailedError) as raised:
        write(size, **options)
    return raised.value.code == "disk-full" and not list(vault_files())


def test_an_export_without_room_is_refused_before_it_begins():
    free = free_bytes() or 0
    leave_free(0)
    assert refused_as_full(0, expected_bytes=free * 2)
    leave_free(free // MEGABYTE * 2)
    assert refused_as_full(0)


def test_what_a_file_will_take_is_known_from_the_last_of_its_kind(vault_folder):
    DataExportLog.objects.create(
        dataset="bot_users", format="csv", columns=["city"], rows_written=2_000, stored_bytes=400_000
    )
    kind = {"dataset": "bot_users", "format": "csv", "columns": ["city"], "claim": uuid4()}
    rows_for_twice_the_disk = (free_bytes() or 0) * 2 // 200
    small = DataExportLog.objects.create(**kind, rows_expected=1_000)
    large = DataExportLog.objects.create(**kind, rows_expected=rows_for_twice_the_disk)
    unlike = DataExportLog.objects.create(**{**kind, "columns": []}, rows_expected=rows_for_twice_the_disk)
    for run in (small, unlike):
        with encrypt_export_file(run=run) as file:
            file.write(b"content")
        remove_vault_file(file.storage_name)
    with pytest.raises(ExportFailedError) as raised, encrypt_export_file(run=large):
        pass
    assert raised.value.code == "disk-full"
    assert not any(vault_folder.iterdir())


def test_a_disk_that_fills_up_ends_the_export_and_nothing_is_left(vault_folder):
    with small_disk(vault_folder, f"size={5 * MEGABYTE}"):
        leave_free(0)
        assert refused_as_full(8 * MEGABYTE)
        assert not any(vault_folder.iterdir())
        write(3 * MEGABYTE)


def test_an_export_leaves_room_for_everything_else(vault_folder):
    with small_disk(vault_folder, f"size={12 * MEGABYTE}"):
        leave_free(5)
        write(4 * MEGABYTE, "first")
        remove_vault_file("first")
        assert refused_as_full(9 * MEGABYTE)
        assert (free_bytes() or 0) >= 11 * MEGABYTE


def test_a_folder_that_cannot_be_written_to_says_so(vault_folder):
    vault_folder.parent.mkdir(exist_ok=True)
    vault_folder.write_text("a file is in its place")
    with pytest.raises(ExportFailedError) as raised:
        write(1)
    assert raised.value.code == "store-away"
    vault_folder.unlink()


def test_only_the_owner_may_look_at_folder_and_files(vault_folder):
    umask = os.umask(0)
    try:
        with new_vault_file("name", number=NUMBER) as file:
            file.write(bytes(2 * MEGABYTE))
            [draft] = vault_folder.iterdir()
            assert stat.S_IMODE(draft.stat().st_mode) == 0o600
    finally:
        os.umask(umask)
    assert stat.S_IMODE(vault_folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((vault_folder / "name").stat().st_mode) == 0o600


def test_file_and_folder_reach_the_disk_before_anybody_hears_of_the_file(vault_folder, monkeypatch):
    reached, fsync = [], os.fsync

    def spy(handle):
        names = [path.name for path in vault_folder.iterdir()]
        reached.append((Path(f"/proc/self/fd/{handle}").readlink().name, names))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", spy)
    write(10)
    assert reached == [("name.part", ["name.part"]), (vault_folder.name, ["name"])]


def test_a_name_cannot_lead_out_of_the_folder():
    with pytest.raises(SuspiciousFileOperation):
        write(1, "../elsewhere")


@pytest.mark.slow
def test_a_killed_writer_leaves_only_what_clean_up_removes(vault_folder, django_capture_on_commit_callbacks):
    name = str(uuid4())
    with writing_process(vault_folder, name, megabytes=5) as (process, _grown):
        process.send_signal(signal.SIGKILL)
    [entry] = vault_files()
    assert (entry.name, entry.is_whole) == (name, False)
    [left] = vault_folder.iterdir()
    assert left.stat().st_size > 5 * MEGABYTE
    assert b"secret" not in left.read_bytes()

    with django_capture_on_commit_callbacks(execute=True):
        assert cleanup_old_exports(actor=None).orphans == 0
    assert list(vault_files()), "it may still be written: the machines' clocks differ"
    with time_machine.travel(timezone.now() + SETTLED_AFTER * 2), django_capture_on_commit_callbacks(execute=True):
        report = cleanup_old_exports(actor=None)
    assert (report.orphans, report.names) == (1, (name,))
    assert not any(vault_folder.iterdir())


def test_nothing_in_clear_touches_the_disk(vault_folder):
    secret = "کد ملی ۰۰۱۲۳۴۵۶۷۸".encode()
    with new_vault_file("name", number=NUMBER) as file:
        for _turn in range(3000):
            file.write(secret * 20)
            for path in vault_folder.iterdir() if _turn % 500 == 0 else ():
                assert secret not in path.read_bytes()
    [path] = vault_folder.iterdir()
    assert path.stat().st_size > 1000
    assert secret not in path.read_bytes()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(vault_folder):
    with writing_process(vault_folder, "name", megabytes=200) as (_process, grown):
        [draft] = vault_folder.iterdir()
        assert draft.stat().st_size > 200 * MEGABYTE
        assert grown < 10 * MEGABYTE, grown


def test_reading_takes_no_more_memory_for_a_larger_file():
    run = DataExportLog.objects.create(dataset="bot_users", format="csv", claim=uuid4())
    with encrypt_export_file(run=run) as file:
        for _turn in range(60):
            file.write(bytes(MEGABYTE))
    run.storage_name, run.file_key = file.storage_name, file.key
    process = psutil.Process()
    with decrypt_export_file(run=run) as reader:
        pieces = reader.read_range()
        for _turn in range(5):
            next(pieces)
        before = process.memory_info().rss
        assert sum(len(piece) for piece in pieces) > 50 * MEGABYTE
        assert process.memory_info().rss - before < 10 * MEGABYTE


def test_files_are_read_after_the_key_ring_was_rotated(settings):
    run = DataExportLog.objects.create(dataset="bot_users", format="csv", claim=uuid4())
    with encrypt_export_file(run=run) as file:
        file.write(b"content")
    run.storage_name, run.file_key = file.storage_name, file.key
    run.save()
    old = settings.FIELD_KEYS
    settings.FIELD_KEYS = f"next:{make_key()},{old}"
    call_command("rotate_keys", stdout=io.StringIO())
    settings.FIELD_KEYS = ",".join(part for part in settings.FIELD_KEYS.split(",") if part.startswith("next:"))
    assert len(parse_key_ring(settings.FIELD_KEYS)) == 1
    with decrypt_export_file(run=DataExportLog.objects.get(pk=run.pk)) as reader:
        assert b"".join(reader.read_range()) == b"content"


def test_the_key_in_the_database_is_wrapped():
    run = DataExportLog.objects.create(dataset="bot_users", format="csv", file_key=make_key())
    with connection.cursor() as cursor:
        cursor.execute("SELECT file_key FROM exports_dataexportlog WHERE id = %s", [run.pk])
        [stored] = cursor.fetchone()
    assert re.match(r"e1:\w+:", stored)
    assert run.file_key not in stored
