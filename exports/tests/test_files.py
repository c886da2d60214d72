import hashlib
import io
import stat

import pytest

from exports.errors import ExportRefusedError
from exports.files import MeasuringStream, new_file


def write_half_and_raise(path, error, **options):
    with new_file(path, **options) as file:
        file.write(b"half")
        raise error


def test_the_stream_counts_and_hashes_what_it_passes_on():
    file = io.BytesIO()
    stream = MeasuringStream(file)
    stream.write(b"one")
    stream.write(b"two")
    assert (file.getvalue(), stream.size) == (b"onetwo", 6)
    assert stream.sha256 == hashlib.sha256(b"onetwo").hexdigest()


def test_a_file_appears_when_it_is_whole_and_only_its_owner_reads_it(tmp_path):
    path = tmp_path / "a.csv"
    with new_file(path) as file:
        file.write(b"data")
        assert path.read_bytes() == b""
    assert path.read_bytes() == b"data"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_nothing(tmp_path, error):
    with pytest.raises(error):
        write_half_and_raise(tmp_path / "a.csv", error)
    assert list(tmp_path.iterdir()) == []


def test_a_taken_name_is_refused_and_its_file_kept(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("old")
    with pytest.raises(ExportRefusedError), new_file(path):
        pass
    assert path.read_text() == "old"


def test_a_failed_overwrite_keeps_the_old_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("old")
    with pytest.raises(ValueError):
        write_half_and_raise(path, ValueError, overwrite=True)
    assert [file.read_text() for file in tmp_path.iterdir()] == ["old"]


def test_overwriting_replaces(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("old")
    with new_file(path, overwrite=True) as file:
        file.write(b"new")
    assert path.read_text() == "new"
