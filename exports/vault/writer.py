"""Encrypting while writing."""

from typing import Protocol

from common.crypto import parse_key
from exports.vault.tink_format import (
    CLEAR_SEGMENT_BYTES,
    HEADER_BYTES,
    SEGMENT_BYTES,
    TAG_BYTES,
    SegmentCipher,
    new_header,
)


class Sink(Protocol):
    """Takes a file's stored bytes one after the other; what it is given is its own only until `write` returns."""

    def write(self, data: memoryview) -> None: ...


class VaultWriter:
    """A stream that can only be written to; what goes on to the sink is encrypted.

    `storage_name` and `key` (base64) open the file again; `size` counts clear bytes, `stored_bytes` those in the vault.
    Up to a segment waits here: only the next byte tells that it isn't the last one.
    """

    def __init__(self, sink: Sink, *, storage_name: str, key: str, associated_data: bytes) -> None:
        self.storage_name = storage_name
        self.key = key
        self.size = self.stored_bytes = 0
        self._sink = sink
        header = new_header()
        self._cipher = SegmentCipher(parse_key(key), header, associated_data)
        self._clear = memoryview(bytearray(CLEAR_SEGMENT_BYTES))
        self._sealed = memoryview(bytearray(SEGMENT_BYTES))
        self._room = CLEAR_SEGMENT_BYTES - HEADER_BYTES  # of the segment that waits
        self._waiting = self._number = 0
        self._is_closed = False
        self._pass_on(memoryview(header))

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Take `data` whole. Raises ExportFailedError when the vault can't, and ValueError after the end."""
        if self._is_closed:
            raise ValueError("the file has been ended")
        rest = memoryview(data).cast("B")
        count = len(rest)
        self.size += count
        while rest:
            if self._waiting == self._room:
                self._seal(is_last=False)
            taken = rest[: self._room - self._waiting]
            self._clear[self._waiting : self._waiting + len(taken)] = taken
            self._waiting += len(taken)
            rest = rest[len(taken) :]
        return count

    def flush(self) -> None:
        """Nothing: a segment goes on when it is full, and the last one at the end."""

    def finish(self) -> None:
        """Write the last segment. The file is worth nothing without it."""
        self._seal(is_last=True)
        self._is_closed = True

    def give_up(self) -> None:
        """Take nothing any more."""
        self._is_closed = True

    def _seal(self, *, is_last: bool) -> None:
        sealed = self._sealed[: self._waiting + TAG_BYTES]
        self._cipher.seal_into(sealed, self._clear[: self._waiting], number=self._number, is_last=is_last)
        self._pass_on(sealed)
        self._number += 1
        self._waiting, self._room = 0, CLEAR_SEGMENT_BYTES

    def _pass_on(self, data: memoryview) -> None:
        self._sink.write(data)
        self.stored_bytes += len(data)
