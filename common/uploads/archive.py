"""Reading a ZIP file that somebody may have made to harm its reader.

Everything that the file says of itself is checked against what is really in it: names, places, sizes. Python's
`zipfile` finds the entries; their content is unpacked here, as it would stop at the size that the entry claims.
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from django.utils.translation import gettext_lazy as _

from common.uploads.refusal import UploadRefused

MAXIMUM_ENTRIES = 1000
MAXIMUM_UNPACKED_BYTES = 200 * 1024 * 1024
MAXIMUM_RATIO = 100  # as in Apache POI, which reads such files since 2001
SMALL_BYTES = 1024 * 1024  # short files may well shrink further: they can do no harm
CHUNK_BYTES = 64 * 1024

LOCAL_HEADER = struct.Struct("<4s22xHH")  # signature, lengths of name and extra field (APPNOTE 4.3.7)
LOCAL_SIGNATURE = b"PK\x03\x04"
DIRECTORY_SIGNATURE = b"PK\x01\x02"
ENCRYPTED_FLAG = 0x1
UTF_8_FLAG = 0x800
PLAIN_NAME = re.compile(r"(?!/)(?!.*(?:^|/)\.\.?(?:/|$))[^\\:\x00-\x1f]+", re.DOTALL)

_UNSOUND = _("This Excel file is damaged. Open it in Excel and save it anew as .xlsx.")
_BOMB = _("This Excel file unpacks to far more than it seems to hold. Save its data as CSV.")


@dataclass(frozen=True)
class Entry:
    """A file in the archive: where its packed bytes stand, and what it says of itself."""

    name: str
    start: int
    packed_bytes: int
    unpacked_bytes: int
    is_packed: bool


def unsound() -> UploadRefused:
    """The refusal of a file that contradicts itself."""
    return UploadRefused("unsound", _UNSOUND)


def read_entries(file: IO[bytes]) -> list[Entry]:
    """The entries of a sound ZIP file. Raises UploadRefused where it isn't one, or claims to unpack to too much."""
    if _entry_count(file) > MAXIMUM_ENTRIES:
        raise UploadRefused("too-many-parts", _BOMB)
    try:
        with zipfile.ZipFile(file) as archive:
            found = sorted(archive.infolist(), key=lambda info: info.header_offset)
            directory_start = archive.start_dir
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise unsound() from error
    entries = [_entry(file, info) for info in found]
    _check_names([entry.name for entry in entries])
    starts = [info.header_offset for info in found]
    ends = [entry.start + entry.packed_bytes for entry in entries]
    # The first at the very beginning: what stands before would make it another kind of file, too.
    if (
        not starts
        or starts[0] != 0
        or any(end > after for end, after in zip(ends, [*starts[1:], directory_start], strict=True))
    ):
        raise unsound()
    _check_sizes(entries)
    return entries


def unpack(file: IO[bytes], entry: Entry) -> Iterator[bytes]:
    """The entry's content in chunks of at most 64 KiB. Raises UploadRefused when it isn't as long as it claims."""
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS) if entry.is_packed else None
    unpacked = 0
    for packed in _packed_chunks(file, entry):
        for chunk in _inflate(unpacker, packed) if unpacker else (packed,):
            unpacked += len(chunk)
            if unpacked > entry.unpacked_bytes:
                raise UploadRefused("lying-size", _BOMB)
            yield chunk
    if unpacked != entry.unpacked_bytes or (unpacker and (not unpacker.eof or unpacker.unused_data)):
        raise unsound()


def _entry_count(file: IO[bytes]) -> int:
    """At least the number of entries, found without reading them into memory, as `zipfile` does."""
    count, kept = 0, b""
    file.seek(0)
    while chunk := file.read(CHUNK_BYTES):
        window = kept + chunk
        count += window.count(DIRECTORY_SIGNATURE)
        kept = window[-len(DIRECTORY_SIGNATURE) + 1 :]
    return count


def _entry(file: IO[bytes], info: zipfile.ZipInfo) -> Entry:
    if info.flag_bits & ENCRYPTED_FLAG:
        raise UploadRefused("locked", _("This Excel file has a password. Save it without one."))
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise unsound()
    file.seek(info.header_offset)
    header = file.read(LOCAL_HEADER.size)
    if len(header) < LOCAL_HEADER.size:
        raise unsound()
    signature, name_bytes, extra_bytes = LOCAL_HEADER.unpack(header)
    name = info.orig_filename.encode("utf-8" if info.flag_bits & UTF_8_FLAG else "cp437")
    if signature != LOCAL_SIGNATURE or file.read(name_bytes) != name:
        raise unsound()
    start = info.header_offset + LOCAL_HEADER.size + name_bytes + extra_bytes
    is_packed = info.compress_type == zipfile.ZIP_DEFLATED
    return Entry(info.orig_filename, start, info.compress_size, info.file_size, is_packed)


def _check_names(names: list[str]) -> None:
    folded = {name.casefold() for name in names}
    if len(folded) != len(names) or not all(PLAIN_NAME.fullmatch(name) for name in names):
        raise unsound()


def _check_sizes(entries: list[Entry]) -> None:
    total = sum(entry.unpacked_bytes for entry in entries)
    swells = any(entry.unpacked_bytes > max(SMALL_BYTES, MAXIMUM_RATIO * entry.packed_bytes) for entry in entries)
    if swells or total > MAXIMUM_UNPACKED_BYTES:
        raise UploadRefused("unpacks-to-too-much", _BOMB)


def _packed_chunks(file: IO[bytes], entry: Entry) -> Iterator[bytes]:
    for position in range(0, entry.packed_bytes, CHUNK_BYTES):
        file.seek(entry.start + position)
        yield file.read(min(CHUNK_BYTES, entry.packed_bytes - position))


def _inflate(unpacker: "zlib._Decompress", packed: bytes) -> Iterator[bytes]:
    try:
        while packed:
            yield unpacker.decompress(packed, CHUNK_BYTES)
            packed = unpacker.unconsumed_tail
    except zlib.error as error:
        raise unsound() from error
