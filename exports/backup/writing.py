"""Writing a complete backup: a ZIP with a file for each table and a manifest, from one snapshot, in constant memory."""

import hashlib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import monotonic
from typing import IO, BinaryIO, Protocol, cast

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.utils import timezone

from accounts.models import Candidate
from common.crypto import decrypt
from exports.backup.copying import Change, RowSum, change_cells, escape_cell, read_lines, write_values_plainly
from exports.backup.manifest import FORM, MANIFEST, Manifest, TableFile, index_key_name, schema_version
from exports.backup.tables import PASSWORD, STAFF, TABLES, Table, columns_of, rows_of
from exports.files import MeasuringStream
from exports.snapshot import one_snapshot

BLOCK_BYTES = 256 * 1024
TELL_EVERY_SECONDS = 1.0
# Text shrinks to a fifth at the fastest level already, and half of the rest is what can't be shrunk: keys and hashes.
DEFLATE_LEVEL = 1
UNUSABLE = UNUSABLE_PASSWORD_PREFIX.encode()

Progress = Callable[[int], object]


class Writable(Protocol):
    """All that is asked of what a backup is written to."""

    def write(self, data: bytes, /) -> object: ...

    def flush(self) -> object: ...


@dataclass(frozen=True)
class BackupWritten:
    """What was written: `rows_by_sheet` by table; the hash is of the ZIP, before any encryption."""

    rows: int
    bytes: int
    sha256: str
    rows_by_sheet: dict[str, int]


def write_backup(
    *,
    file: Writable,
    candidate: Candidate | None,
    made_by: str,
    with_credentials: bool = False,
    on_progress: Progress | None = None,
) -> BackupWritten:
    """Write a backup of one candidate, or of everything, to a stream that need not seek.

    Encrypted fields are in it in clear, so that it can be restored under other keys: encrypt what it is written to.
    By what staff sign in is in it `with_credentials` only: who may download a backup could sign in as anybody.
    `on_progress` gets the rows so far about every second, and may raise; then throw the file away.
    """
    stream = MeasuringStream(cast(BinaryIO, file))
    teller = _Teller(on_progress)
    try:
        with zipfile.ZipFile(
            cast(IO[bytes], stream), "w", zipfile.ZIP_DEFLATED, allowZip64=True, compresslevel=DEFLATE_LEVEL
        ) as archive:
            with one_snapshot():
                write_values_plainly()
                files = [
                    _write_table(archive, table, columns_of(table, candidate), lines, teller)
                    for table in _tables(candidate, with_credentials)
                    for lines in [clear_lines(table, candidate, with_credentials=with_credentials)]
                ]
                manifest = Manifest(
                    form=FORM,
                    made_at=timezone.now(),
                    made_by=made_by,
                    candidate=candidate.code if candidate else "",
                    migrations=schema_version(),
                    index_key=index_key_name(),
                    tables=files,
                )
            archive.writestr(MANIFEST, manifest.as_json())
    except BaseException:
        stream.give_up()
        raise
    rows = {one.table: one.rows for one in files}
    return BackupWritten(manifest.rows, stream.size, stream.sha256, rows)


def count_backup_rows(candidate: Candidate | None, *, with_credentials: bool = False) -> int:
    """How many rows a backup of this candidate, or of everything, would have now."""
    found = (rows_of(table, candidate) for table in _tables(candidate, with_credentials))
    return sum(rows.count() for rows in found if rows is not None)


def clear_lines(table: Table, candidate: Candidate | None, *, with_credentials: bool = True) -> Iterator[bytes]:
    """A table's lines as they stand in a backup: what is encrypted in the database is clear."""
    rows, columns = rows_of(table, candidate), columns_of(table, candidate)
    if rows is None:
        return
    places = {column: place for place, column in enumerate(columns)}
    changes: dict[int, Change] = {
        places[column]: _decrypting(field.context) for column, field in table.encrypted.items() if column in places
    }
    if table.label == STAFF and PASSWORD in places and not with_credentials:
        changes[places[PASSWORD]] = lambda _hash: UNUSABLE
    lines = read_lines(rows, columns)
    yield from (change_cells(line, changes) for line in lines) if changes else lines


def _tables(candidate: Candidate | None, with_credentials: bool) -> Iterator[Table]:
    for table in TABLES:
        if rows_of(table, candidate) is not None and (with_credentials or not table.is_credential):
            yield table


def _write_table(
    archive: zipfile.ZipFile, table: Table, columns: list[str], lines: Iterator[bytes], teller: "_Teller"
) -> TableFile:
    name, content_hash, row_sum, size = f"{table.name}.tsv", hashlib.sha256(), RowSum(), 0
    header = "\t".join(columns).encode() + b"\n"
    with archive.open(name, "w", force_zip64=True) as file:
        for block in _blocks(header, lines, row_sum, teller):
            file.write(block)
            content_hash.update(block)
            size += len(block)
    return TableFile(table.name, name, columns, row_sum.rows, size, content_hash.hexdigest(), str(row_sum))


def _blocks(header: bytes, lines: Iterator[bytes], row_sum: RowSum, teller: "_Teller") -> Iterator[bytes]:
    block = bytearray(header)
    for line in lines:
        row_sum.add(line)
        block += line
        if len(block) >= BLOCK_BYTES:
            teller.tell(row_sum.rows)
            yield bytes(block)
            block.clear()
    yield bytes(block)
    teller.end_table(row_sum.rows)


def _decrypting(context: str) -> Change:
    return lambda cell: escape_cell(decrypt(cell.decode(), context=context))


class _Teller:
    """Tells the rows of all tables so far, not more often than each second."""

    def __init__(self, on_progress: Progress | None) -> None:
        self._on_progress = on_progress
        self._before = 0
        self._told_at = monotonic()

    def tell(self, rows_of_table: int) -> None:
        if self._on_progress and monotonic() - self._told_at >= TELL_EVERY_SECONDS:
            self._on_progress(self._before + rows_of_table)
            self._told_at = monotonic()

    def end_table(self, rows_of_table: int) -> None:
        self._before += rows_of_table
