import io
import shutil
import subprocess
import zipfile
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.writers import zip_stream
from exports.writers.zip_stream import ZipStream


class OnlyWrites:
    """A stream that can do nothing but take bytes."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._written.append(data)
        return len(data)

    @property
    def data(self) -> bytes:
        return b"".join(self._written)


def archive_of(files: dict[str, bytes], **options: bool) -> bytes:
    stream = OnlyWrites()
    archive = ZipStream(cast(BinaryIO, stream))
    for name, content in files.items():
        with archive.entry(name, **options) as file:
            file.write(content[:1])
            file.write(content[1:])
    archive.close()
    return stream.data


@given(st.dictionaries(st.sampled_from(["a", "b.txt", "folder/فایل.csv"]), st.binary(max_size=300)), st.booleans())
def test_what_was_written_is_read_back(files, is_large):
    archive = zipfile.ZipFile(io.BytesIO(archive_of(files, is_large=is_large)))
    assert archive.testzip() is None
    assert {name: archive.read(name) for name in archive.namelist()} == files


def test_what_is_packed_already_is_stored():
    data = archive_of({"a.xlsx": b"x" * 1_000}, is_packed=True)
    assert zipfile.ZipFile(io.BytesIO(data)).infolist()[0].compress_type == zipfile.ZIP_STORED
    assert b"x" * 1_000 in data


def test_only_the_owner_may_read_what_is_unpacked():
    assert zipfile.ZipFile(io.BytesIO(archive_of({"a": b""}))).infolist()[0].external_attr >> 16 == 0o100600


@pytest.mark.parametrize("is_large", [True, False])
@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_another_program_finds_nothing_wrong(tmp_path, is_large):
    path = tmp_path / "a.zip"
    path.write_bytes(archive_of({"a.csv": b"a" * 10_000, "ب.csv": b""}, is_large=is_large))
    subprocess.run(["unzip", "-tq", str(path)], check=True, capture_output=True)  # noqa: S607


def test_an_archive_beyond_4_gib_is_read_back():
    stream = OnlyWrites()
    archive = ZipStream(cast(BinaryIO, stream))
    archive._offset = 5 << 30  # readers look from the end, so nobody misses what wasn't written
    with archive.entry("a") as file:
        file.write(b"content")
    archive.close()
    found = zipfile.ZipFile(io.BytesIO(stream.data))
    assert found.read("a") == b"content"
    assert b"PK\6\6" in stream.data


@pytest.mark.slow
def test_a_file_beyond_4_gib_has_its_true_size():
    stream = OnlyWrites()
    archive = ZipStream(cast(BinaryIO, stream))
    block = bytes(64 << 20)
    with archive.entry("zeros", is_large=True) as file:
        for _number in range(65):
            file.write(block)
    archive.close()
    assert zipfile.ZipFile(io.BytesIO(stream.data)).infolist()[0].file_size == 65 * len(block)


def test_a_file_that_grew_larger_than_was_said_is_refused(monkeypatch):
    monkeypatch.setattr(zip_stream, "LARGEST_SMALL", 100)
    with pytest.raises(OverflowError):
        archive_of({"a": b"a" * 101})
    archive_of({"a": b"a" * 101}, is_large=True)


def test_more_files_than_the_short_directory_can_count():
    files = {str(number): b"" for number in range(70_000)}
    assert len(zipfile.ZipFile(io.BytesIO(archive_of(files, is_packed=True))).namelist()) == 70_000
