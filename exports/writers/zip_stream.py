"""A ZIP archive written to a stream that can't seek: sizes stand behind each file, and in the directory at the end.

Follows PKWARE's APPNOTE 6.3.10 (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT). Deflate and CRC come from
ISA-L, several times as fast as zlib's.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from django.utils import timezone
from isal import isal_zlib

from common.jalali import TEHRAN

LEVEL = 1  # of 0 to 3: twice as small as 0 for a tenth more time
RAW_DEFLATE = -15
LARGEST_SMALL = 0xFFFF_FFFF
MANY_ENTRIES = 0xFFFF
PLAIN_VERSION, ZIP64_VERSION = 20, 45
SIZES_FOLLOW_AND_NAMES_ARE_UTF8 = 1 << 3 | 1 << 11
STORED, DEFLATED = 0, 8
UNIX = 3 << 8
OWNER_ONLY = 0o100600 << 16
ZIP64_EXTRA = 1


@dataclass
class Entry:
    """A file in the archive; its figures grow while it is written."""

    name: bytes
    offset: int
    is_large: bool
    method: int
    crc: int = 0
    size: int = 0
    packed_size: int = 0


class EntryStream:
    """What is written here becomes the content of a file in the archive."""

    def __init__(self, archive: "ZipStream", entry: Entry) -> None:
        self._archive = archive
        self._entry = entry
        is_packed = entry.method == STORED
        self._packer = None if is_packed else isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, RAW_DEFLATE)

    @property
    def size(self) -> int:
        """The bytes written so far, before packing."""
        return self._entry.size

    def write(self, data: bytes) -> int:
        self._entry.crc = isal_zlib.crc32(data, self._entry.crc)
        self._entry.size += len(data)
        self._pass_on(self._packer.compress(data) if self._packer else data)
        return len(data)

    def flush(self) -> None:
        """The archive's stream is flushed by its owner."""

    def finish(self) -> None:
        if self._packer:
            self._pass_on(self._packer.flush())

    def _pass_on(self, data: bytes) -> None:
        self._entry.packed_size += len(data)
        self._archive.write(data)


class ZipStream:
    """Files are written one after the other, each within `with archive.entry(name) as file`; then `close`."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._offset = 0
        self._entries: list[Entry] = []
        now = timezone.now().astimezone(TEHRAN)
        self._time = now.hour << 11 | now.minute << 5 | now.second // 2
        self._date = (now.year - 1980) << 9 | now.month << 5 | now.day

    @contextmanager
    def entry(self, name: str, *, is_large: bool = False, is_packed: bool = False) -> Iterator[EntryStream]:
        """A new file in the archive.

        `is_large` must be said of a file that may grow past 4 GiB: some readers, Excel among them, take no such mark
        on a smaller one. `is_packed` is for content that is compressed already. Raises OverflowError when a file grew
        larger than was said.
        """
        entry = Entry(name.encode(), self._offset, is_large, STORED if is_packed else DEFLATED)
        self._write_head(entry)
        stream = EntryStream(self, entry)
        yield stream
        stream.finish()
        self._write_sizes(entry)
        self._entries.append(entry)

    def write(self, data: bytes) -> None:
        """Append bytes to the archive itself."""
        self._file.write(data)
        self._offset += len(data)

    def close(self) -> None:
        """Write the directory; without it there is no archive."""
        start = self._offset
        for entry in self._entries:
            self._write_directory_entry(entry)
        self._write_end(start, self._offset - start)

    def _write_head(self, entry: Entry) -> None:
        extra = struct.pack("<HHQQ", ZIP64_EXTRA, 16, 0, 0) if entry.is_large else b""
        size = LARGEST_SMALL if entry.is_large else 0
        head = struct.pack(
            "<4sHHHHHLLLHH", b"PK\3\4", _version(entry.is_large), SIZES_FOLLOW_AND_NAMES_ARE_UTF8, entry.method,
            self._time, self._date, 0, size, size, len(entry.name), len(extra),
        )  # fmt: skip
        self.write(head + entry.name + extra)

    def _write_sizes(self, entry: Entry) -> None:
        if not entry.is_large and max(entry.size, entry.packed_size) > LARGEST_SMALL:
            raise OverflowError("a file in the archive is larger than was said")
        form = "<4sLQQ" if entry.is_large else "<4sLLL"
        self.write(struct.pack(form, b"PK\7\x08", entry.crc, entry.packed_size, entry.size))

    def _write_directory_entry(self, entry: Entry) -> None:
        large = [number for number in (entry.size, entry.packed_size, entry.offset) if number > LARGEST_SMALL]
        extra = struct.pack(f"<HH{len(large)}Q", ZIP64_EXTRA, 8 * len(large), *large) if large else b""
        version = _version(entry.is_large or bool(large))
        fields = struct.pack(
            "<4sHHHHHHLLLHHHHHLL", b"PK\1\2", UNIX | version, version, SIZES_FOLLOW_AND_NAMES_ARE_UTF8, entry.method,
            self._time, self._date, entry.crc, min(entry.packed_size, LARGEST_SMALL), min(entry.size, LARGEST_SMALL),
            len(entry.name), len(extra), 0, 0, 0, OWNER_ONLY, min(entry.offset, LARGEST_SMALL),
        )  # fmt: skip
        self.write(fields + entry.name + extra)

    def _write_end(self, start: int, size: int) -> None:
        count = len(self._entries)
        if count >= MANY_ENTRIES or start + size > LARGEST_SMALL:
            end = self._offset
            self.write(
                struct.pack(
                    "<4sQHHLLQQQQ", b"PK\6\6", 44, ZIP64_VERSION, ZIP64_VERSION, 0, 0, count, count, size, start
                )
            )
            self.write(struct.pack("<4sLQL", b"PK\6\7", 0, end, 1))
        few = min(count, MANY_ENTRIES)
        self.write(
            struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, few, few, min(size, LARGEST_SMALL), min(start, LARGEST_SMALL), 0)
        )


def _version(is_zip64: bool) -> int:
    return ZIP64_VERSION if is_zip64 else PLAIN_VERSION
