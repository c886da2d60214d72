"""A file of the vault as a stream that can be read anywhere, as `zipfile` needs it."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

from exports.vault.reader import VaultReader

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BUFFER_BYTES = 256 * 1024


@contextmanager
def seekable(reader: VaultReader) -> Iterator[BinaryIO]:
    """A stream of the file's clear bytes; it ends with the block, the reader doesn't."""
    with io.BufferedReader(_ClearFile(reader), BUFFER_BYTES) as stream:
        yield cast(BinaryIO, stream)


class _ClearFile(io.RawIOBase):
    """Goes on decrypting from segment to segment for as long as nobody seeks."""

    def __init__(self, reader: VaultReader) -> None:
        self._reader = reader
        self._position = 0
        self._pieces: Iterator[bytes] = iter(())
        self._rest = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._reader.size}[whence]
        if start + offset != self._position:
            self._position = start + offset
            self._pieces, self._rest = iter(()), b""
        return self._position

    def readinto(self, buffer: "WriteableBuffer") -> int:
        room = memoryview(buffer).cast("B")
        if not self._rest:
            self._rest = next(self._pieces, b"")
        if not self._rest and self._position < self._reader.size:
            self._pieces = self._reader.read_range(self._position)
            self._rest = next(self._pieces, b"")
        taken = self._rest[: len(room)]
        room[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        self._position += len(taken)
        return len(taken)
