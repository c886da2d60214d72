"""The vault's files are Tink's: its own library opens ours, and we open its; and no changed file is taken for whole."""

import io
import json
import re
import subprocess
import sys
from base64 import b64decode, b64encode
from uuid import UUID, uuid4

import pytest
import tink
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tink import secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2

from common.crypto import make_key
from common.environment import PROJECT_DIR
from exports.errors import ExportFailedError
from exports.vault.files import associated_data
from exports.vault.reader import VaultReader
from exports.vault.tink_format import (
    CLEAR_SEGMENT_BYTES,
    HEADER_BYTES,
    SEGMENT_BYTES,
    TAG_BYTES,
    Layout,
    piece_sizes,
)
from exports.vault.writer import VaultWriter

FIRST_SEGMENT_BYTES = CLEAR_SEGMENT_BYTES - HEADER_BYTES
SIZES = [
    0,
    1,
    FIRST_SEGMENT_BYTES - 1,
    FIRST_SEGMENT_BYTES,
    FIRST_SEGMENT_BYTES + 1,
    FIRST_SEGMENT_BYTES + CLEAR_SEGMENT_BYTES,
    FIRST_SEGMENT_BYTES + CLEAR_SEGMENT_BYTES + 1,
    3 * SEGMENT_BYTES,
]
DOCUMENTATION = PROJECT_DIR / "docs/vault.md"
NUMBER = UUID("0190c0de-0000-4000-8000-000000000001")


class Memory:
    """A sink and a source in memory."""

    def __init__(self, stored: bytes = b"") -> None:
        self.stored = bytearray(stored)

    def write(self, data: memoryview) -> None:
        self.stored += data

    @property
    def size(self) -> int:
        return len(self.stored)

    def pieces(self, start, end):
        for size in piece_sizes(start, end):
            yield bytes(self.stored[start : start + size])
            start += size

    def close(self) -> None: ...


def sealed(clear: bytes, *, key: str, number: UUID = NUMBER, chunk: int = 300_007) -> bytes:
    memory = Memory()
    writer = VaultWriter(memory, storage_name="name", key=key, associated_data=associated_data(number))
    for start in range(0, len(clear), chunk):
        assert writer.write(clear[start : start + chunk]) == len(clear[start : start + chunk])
    writer.finish()
    assert (writer.size, writer.stored_bytes) == (len(clear), len(memory.stored))
    return bytes(memory.stored)


def opened(stored: bytes, *, key: str, number: UUID = NUMBER) -> bytes:
    reader = VaultReader(Memory(stored), key=key, associated_data=associated_data(number))
    clear = b"".join(reader.read_range())
    assert len(clear) == reader.size
    return clear


def text(size: int) -> bytes:
    line = "نام و نام خانوادگی,شهر,\U0001f5f3\n".encode()
    return (line * (size // len(line) + 1))[:size]


def tink_primitive(key: str):
    """Tink's AES256_GCM_HKDF_1MB with our key."""
    streaming_aead.register()
    template = streaming_aead.streaming_aead_key_templates.AES256_GCM_HKDF_1MB
    form = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKeyFormat.FromString(template.value)
    assert (form.params.ciphertext_segment_size, form.key_size) == (SEGMENT_BYTES, 32)
    assert form.params.hkdf_hash_type == common_pb2.SHA256
    message = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(params=form.params, key_value=b64decode(key))
    value = b64encode(message.SerializeToString()).decode()
    data = {"typeUrl": template.type_url, "value": value, "keyMaterialType": "SYMMETRIC"}
    entry = {"keyData": data, "status": "ENABLED", "keyId": 1, "outputPrefixType": "RAW"}
    keyset = json.dumps({"primaryKeyId": 1, "key": [entry]})
    handle = tink.json_proto_keyset_format.parse(keyset, secret_key_access.TOKEN)
    return handle.primitive(streaming_aead.StreamingAead)


class Kept(io.BytesIO):
    """Tink closes what it writes to."""

    def close(self) -> None:
        self.kept = self.getvalue()
        super().close()


@pytest.mark.parametrize("size", SIZES)
def test_tink_opens_what_we_wrote(size):
    key, clear = make_key(), text(size)
    stream = io.BytesIO(sealed(clear, key=key))
    with tink_primitive(key).new_decrypting_stream(stream, str(NUMBER).encode()) as file:
        assert file.read() == clear


@pytest.mark.parametrize("size", SIZES)
def test_we_open_what_tink_wrote(size):
    key, clear, stream = make_key(), text(size), Kept()
    with tink_primitive(key).new_encrypting_stream(stream, str(NUMBER).encode()) as file:
        file.write(clear)
    assert opened(stream.kept, key=key) == clear


def test_the_program_of_the_documentation_opens_a_file(tmp_path):
    program = re.search(r"^```python\n(.*?)^```$", DOCUMENTATION.read_text(), re.DOTALL | re.MULTILINE)
    assert program
    key, clear = make_key(), text(3_000_000)
    stored = tmp_path / "stored"
    stored.write_bytes(sealed(clear, key=key))
    command = [sys.executable, "-c", program[1], str(stored), str(NUMBER), key, str(tmp_path / "clear")]
    subprocess.run(command, check=True)
    assert (tmp_path / "clear").read_bytes() == clear


def test_tink_too_opens_it_for_the_right_run_only():
    key = make_key()
    stream = io.BytesIO(sealed(text(100), key=key))
    with (
        tink_primitive(key).new_decrypting_stream(stream, str(uuid4()).encode()) as file,
        pytest.raises(tink.TinkError),
    ):
        file.read()


@pytest.mark.parametrize("size", SIZES)
def test_the_size_in_clear_is_known_from_the_stored_size(size):
    assert Layout(len(sealed(text(size), key=make_key()))).clear_bytes == size


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_part_can_be_read_by_itself(big_file, data):
    clear, reader = big_file
    edges = st.sampled_from([*SIZES, reader.size - 1, reader.size]).map(lambda size: min(size, reader.size))
    position = edges | st.integers(0, reader.size)
    start, end = data.draw(position), data.draw(position)
    assert b"".join(reader.read_range(start, end)) == clear[start:end]


@pytest.fixture(scope="module")
def big_file():
    clear, key = text(3 * SEGMENT_BYTES + 17), make_key()
    return clear, VaultReader(Memory(sealed(clear, key=key)), key=key, associated_data=associated_data(NUMBER))


def test_a_range_beyond_the_end_ends_with_the_file(big_file):
    clear, reader = big_file
    assert b"".join(reader.read_range(len(clear) - 5, len(clear) + 5)) == clear[-5:]
    assert b"".join(reader.read_range(len(clear))) == b""


def test_pieces_come_one_by_one_and_are_small(big_file):
    _clear, reader = big_file
    assert max(len(piece) for piece in reader.read_range()) <= SEGMENT_BYTES


def test_a_file_is_bound_to_its_run_and_its_key():
    key = make_key()
    stored = sealed(text(100), key=key)
    for other in ({"key": key, "number": uuid4()}, {"key": make_key()}):
        assert refused(stored, **other)


# Four segments, the last one short.
FLIPS = [
    0,
    1,
    32,
    33,
    39,
    40,
    SEGMENT_BYTES - 1,
    SEGMENT_BYTES,
    3 * SEGMENT_BYTES - 1,
    3 * SEGMENT_BYTES,
    -TAG_BYTES,
    -1,
]


@pytest.fixture(scope="module")
def whole():
    key = make_key()
    return sealed(text(3 * SEGMENT_BYTES + 1000), key=key), key


def refused(stored: bytes, *, key: str, number: UUID = NUMBER) -> bool:
    with pytest.raises(ExportFailedError) as raised:
        opened(stored, key=key, number=number)
    return raised.value.code == "file-damaged"


@pytest.mark.parametrize("position", FLIPS)
def test_a_flipped_bit_is_refused(whole, position):
    stored, key = whole
    changed = bytearray(stored)
    changed[position] ^= 1
    assert refused(bytes(changed), key=key)


@pytest.mark.parametrize(
    "end", [0, 1, 39, 40, 55, 56, 5000, SEGMENT_BYTES, 2 * SEGMENT_BYTES, 2 * SEGMENT_BYTES + 9, -1]
)
def test_a_cut_is_refused_before_a_byte_is_given(whole, end):
    stored, key = whole
    with pytest.raises(ExportFailedError) as raised:
        VaultReader(Memory(stored[:end]), key=key, associated_data=associated_data(NUMBER))
    assert raised.value.code == "file-damaged"


def test_swapped_repeated_and_left_out_segments_are_refused(whole):
    stored, key = whole
    first, second, third, last = (
        stored[start : start + SEGMENT_BYTES] for start in range(0, len(stored), SEGMENT_BYTES)
    )
    assert opened(first + second + third + last, key=key)
    for changed in (
        first + third + second + last,
        first + second + second + last,
        first + second + second + third + last,
        first + third + last,
        second + first + third + last,
    ):
        assert refused(changed, key=key)


def test_appended_bytes_are_refused(whole):
    stored, key = whole
    last = stored[3 * SEGMENT_BYTES :]
    for added in (b"\0", bytes(SEGMENT_BYTES), last, bytes(SEGMENT_BYTES - len(last)) + last):
        assert refused(stored + added, key=key)


def test_segments_of_another_file_under_the_same_key_are_refused(whole):
    stored, key = whole
    other = sealed(text(3 * SEGMENT_BYTES + 1000), key=key)
    assert refused(stored[:SEGMENT_BYTES] + other[SEGMENT_BYTES:], key=key)


def test_the_same_content_never_looks_the_same():
    key = make_key()
    assert sealed(b"", key=key) != sealed(b"", key=key)


def test_nothing_is_taken_after_the_end():
    writer = VaultWriter(Memory(), storage_name="name", key=make_key(), associated_data=b"")
    writer.finish()
    with pytest.raises(ValueError, match="ended"):
        writer.write(b"more")
