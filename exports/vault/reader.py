"""Decrypting while reading, from anywhere in a file."""

from collections.abc import Iterator
from types import TracebackType
from typing import Protocol

from django.utils.translation import gettext as _

from common.crypto import parse_key
from exports.errors import ExportFailedError
from exports.vault.tink_format import HEADER_BYTES, Layout, SegmentCipher


class Source(Protocol):
    """The stored bytes of a file, which stay the same while it is open."""

    @property
    def size(self) -> int: ...

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` to `end`, in pieces as `piece_sizes` cuts them."""
        ...

    def close(self) -> None: ...


class VaultReader:
    """A file of the vault, in clear. What it gives is as it was written: each segment proves itself.

    When it is made, the last segment is looked at, so that `size` (clear bytes) is true and a file that was cut off is
    known as such before a byte of it is given away. Raises ExportFailedError `file-damaged`, and `store-away`.
    """

    def __init__(self, source: Source, *, key: str, associated_data: bytes) -> None:
        self._source = source
        self._layout = Layout(source.size)
        try:
            self.size = self._layout.clear_bytes
            header = b"".join(source.pieces(0, HEADER_BYTES))
            self._cipher = SegmentCipher(parse_key(key), header, associated_data)
        except ValueError as error:
            raise file_damaged() from error
        self._last = self._layout.segments - 1
        for _clear in self._segments(self._last, self._last):
            pass

    def read_range(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` to `end` (default: all), in pieces of at most a mebibyte.

        Raises ExportFailedError `file-damaged` where the file isn't as it was written, and `store-away`.
        """
        end = self.size if end is None else min(end, self.size)
        if start >= end:
            return
        first, last = self._layout.segment_at(start), self._layout.segment_at(end - 1)
        position = self._layout.clear_start(first)
        for clear in self._segments(first, last):
            is_whole = start <= position and position + len(clear) <= end
            yield clear if is_whole else clear[max(0, start - position) : end - position]
            position += len(clear)

    def close(self) -> None:
        self._source.close()

    def __enter__(self) -> "VaultReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _segments(self, first: int, last: int) -> Iterator[bytes]:
        pieces = self._source.pieces(*self._layout.stored_span(first, last))
        for number, sealed in enumerate(pieces, start=first):
            try:
                yield self._cipher.open(sealed, number=number, is_last=number == self._last)
            except ValueError as error:
                raise file_damaged() from error


def file_damaged() -> ExportFailedError:
    return ExportFailedError("file-damaged", _("The stored file is damaged. Make the export anew."))
