"""What the vault promises, whatever it lies in: a folder, or a bucket of an S3 server."""

import datetime as dt
import os
import socket
from uuid import uuid4

import pytest
from django.utils import timezone

from exports.errors import ExportFailedError
from exports.models import DataExportLog
from exports.tests.s3_server import s3_server
from exports.vault import (
    decrypt_export_file,
    encrypt_export_file,
    free_bytes,
    new_vault_file,
    open_vault_file,
    remove_vault_file,
    vault_files,
)
from exports.vault.s3 import PART_BYTES

pytestmark = pytest.mark.django_db
SIZES = [0, 10, 3_000_000, PART_BYTES, 2 * PART_BYTES + 5]
NUMBER = uuid4()


@pytest.fixture(scope="module")
def server():
    with s3_server() as started:
        yield started


@pytest.fixture(params=["folder", "bucket"], autouse=True)
def store(request, settings):
    """The tests of this module run in both; the folder is what `vault_folder` has set."""
    if request.param == "bucket":
        settings.STORAGES = {**settings.STORAGES, "exports": request.getfixturevalue("server").new_store()}
    return request.param


def written(name: str = "name", content: bytes = b"content", *, number=NUMBER):
    with new_vault_file(name, number=number) as file:
        file.write(content)
    return file


def content_of(file, *, number=NUMBER) -> bytes:
    with open_vault_file(file.storage_name, file.key, number=number) as reader:
        return b"".join(reader.read_range())


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def names():
    return [(entry.name, entry.is_whole) for entry in vault_files()]


@pytest.mark.parametrize("size", SIZES)
def test_what_was_written_is_read(size):
    content = os.urandom(size)
    file = written(content=content)
    with open_vault_file(file.storage_name, file.key, number=NUMBER) as reader:
        assert reader.size == file.size == size
        assert b"".join(reader.read_range()) == content
        assert b"".join(reader.read_range(size // 3, size // 2)) == content[size // 3 : size // 2]


def test_two_ranges_are_read_at_the_same_time():
    content = os.urandom(3_000_000)
    file = written(content=content)
    with open_vault_file(file.storage_name, file.key, number=NUMBER) as reader:
        first, second = reader.read_range(0, 2_500_000), reader.read_range(500_000)
        pieces = [(next(first), next(second)), (next(first), next(second))]
        assert b"".join(one for one, _two in pieces) == content[: sum(len(one) for one, _two in pieces)]
        assert (b"".join(two for _one, two in pieces) + b"".join(second)) == content[500_000:]


def test_the_list_tells_names_sizes_and_times():
    file = written("one", bytes(2_000_000))
    [entry] = vault_files()
    assert (entry.name, entry.bytes, entry.is_whole) == ("one", file.stored_bytes, True)
    assert abs(entry.changed_at - timezone.now()) < dt.timedelta(minutes=1)


def test_an_empty_vault_has_no_files():
    assert names() == []


def test_a_removed_file_is_gone():
    file = written()
    remove_vault_file(file.storage_name)
    assert names() == []
    with pytest.raises(ExportFailedError) as raised:
        content_of(file)
    assert raised.value.code == "file-missing"


def test_removing_what_is_not_there_is_no_error_and_takes_nothing_else():
    written("something")
    remove_vault_file("nothing")
    assert names() == [("something", True)]


def test_an_error_while_writing_leaves_nothing():
    def write():
        with new_vault_file("name", number=NUMBER) as file:
            file.write(bytes(PART_BYTES + 2_000_000))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    assert names() == []


def test_a_file_is_there_only_when_it_is_whole():
    with new_vault_file("name", number=NUMBER) as file:
        file.write(bytes(2_000_000))
        assert names() == [("name", False)]
        with pytest.raises(ExportFailedError) as raised:
            open_vault_file(file.storage_name, file.key, number=NUMBER)
        assert raised.value.code == "file-missing"
    assert names() == [("name", True)]


def test_what_was_left_half_written_can_be_removed():
    def write():
        with new_vault_file("name", number=NUMBER) as file:
            file.write(bytes(PART_BYTES + 2_000_000))
            remove_vault_file("name")

    with pytest.raises(ExportFailedError) as raised:
        write()
    # S3 answers that there is no such upload, moto that it has broken down.
    assert raised.value.code in {"file-missing", "store-away"}
    assert names() == []


def test_a_stream_that_was_given_up_takes_nothing():
    with pytest.raises(ZeroDivisionError), new_vault_file("name", number=NUMBER) as file:
        raise ZeroDivisionError
    with pytest.raises(ValueError, match="ended"):
        file.write(b"the end of a ZIP that is collected later")


def test_another_file_in_its_place_is_refused():
    file, other = written(content=bytes(3_000_000)), written("other", content=bytes(3_000_000))
    with pytest.raises(ExportFailedError) as raised:
        open_vault_file(other.storage_name, file.key, number=NUMBER)
    assert raised.value.code == "file-damaged"


def test_a_run_reads_its_own_file_and_no_other():
    mine, others = (DataExportLog.objects.create(dataset="bot_users", format="csv", claim=uuid4()) for _ in range(2))
    for run in (mine, others):
        with encrypt_export_file(run=run) as file:
            file.write(f"of {run.number}".encode())
        run.storage_name, run.file_key = file.storage_name, file.key
    with decrypt_export_file(run=mine) as reader:
        assert b"".join(reader.read_range()) == f"of {mine.number}".encode()
    # Somebody who can write to the database gives a run that they may read another's file and key.
    mine.storage_name, mine.file_key = others.storage_name, others.file_key
    with pytest.raises(ExportFailedError) as raised:
        decrypt_export_file(run=mine)
    assert raised.value.code == "file-damaged"


def test_a_run_without_a_key_has_no_file():
    with pytest.raises(ExportFailedError) as raised:
        decrypt_export_file(run=DataExportLog(storage_name="name"))
    assert raised.value.code == "file-missing"


def test_nobody_writes_for_a_run_that_nobody_holds():
    with pytest.raises(ExportFailedError) as raised:
        encrypt_export_file(run=DataExportLog())
    assert raised.value.code == "not-claimed"


def test_a_store_that_is_away_says_so(store, settings, vault_folder):
    if store == "folder":
        vault_folder.write_text("a file is in its place")
    else:
        options = {**settings.STORAGES["exports"]["OPTIONS"], "endpoint_url": f"http://127.0.0.1:{free_port()}"}
        settings.STORAGES = {**settings.STORAGES, "exports": {**settings.STORAGES["exports"], "OPTIONS": options}}
    for act in (written, names, lambda: remove_vault_file("name")):
        with pytest.raises(ExportFailedError) as raised:
            act()
        assert raised.value.code == "store-away"


def test_the_room_is_told_where_it_is_known(store):
    assert (free_bytes() is not None) == (store == "folder")
