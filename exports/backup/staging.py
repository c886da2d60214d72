"""Bringing a backup's rows into temporary tables, verified on the way; nothing of the system is touched by this."""

import hashlib
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from django.db import DataError
from django.utils.translation import gettext as _

from common.crypto import encrypt
from common.fields import BlindIndexField, EncryptedTextField
from exports.backup.copying import NULL, load_lines, unescape_cell
from exports.backup.manifest import TableFile
from exports.backup.statements import name, names, run
from exports.backup.tables import Table, tables_by_name
from exports.errors import ExportFailedError, ExportRefusedError

BLOCK_BYTES = 256 * 1024
# What becomes of a row. Those that stand here by the same key are the same, or differ; who collides has another key,
# but a value that only one row may have.
NEW, SAME, DIFFERS, COLLIDES = "new", "same", "differs", "collides"
PART, LEFT = "part", "left"

Progress = Callable[[int], object]


def staged(table: str) -> str:
    """The temporary table with a table's rows of the backup, quoted."""
    return name(f"restore_{table}")


def stage(archive: zipfile.ZipFile, file: TableFile, on_progress: Progress) -> None:
    """Fill a new temporary table, which ends with the transaction, with a file's rows.

    Encrypted columns are encrypted under the keys of this system. Raises ExportRefusedError `damaged` where the file
    isn't what the manifest says.
    """
    table = tables_by_name()[file.table]
    present = {table.fields[column].name for column in file.columns}
    blind = {column: one for column, one in table.blind_indexes.items() if one.source in present}
    _make_table(table, [*file.columns, *blind])
    lines = _verified(archive, file, on_progress)
    with _damage_in_words(file):
        load_lines(f"restore_{table.name}", [*file.columns, *blind], _sealed(lines, table, file, list(blind.values())))
    run(f"ANALYZE {staged(table.name)}")


def verify(archive: zipfile.ZipFile, file: TableFile, on_progress: Progress) -> None:
    """Read a file that isn't restored. Raises ExportRefusedError `damaged` where it isn't what the manifest says."""
    with _damage_in_words(file):
        for _block in _verified(archive, file, on_progress):
            pass


def _make_table(table: Table, columns: list[str]) -> None:
    run(
        f"CREATE TEMPORARY TABLE {staged(table.name)} ON COMMIT DROP AS "  # noqa: S608 (names of our own models)
        f"SELECT {names(columns)}, 0::bigint AS number_here, ''::text AS fate FROM {name(table.name)} WITH NO DATA"
    )
    run(f"ALTER TABLE {staged(table.name)} ALTER COLUMN fate SET DEFAULT '{NEW}'")


def _verified(archive: zipfile.ZipFile, file: TableFile, on_progress: Progress) -> Iterator[bytes]:
    """Blocks of whole lines, without the header. Raises ExportRefusedError `damaged` at the latest at the end."""
    content_hash, size, rows, rest = hashlib.sha256(), 0, -1, b""
    header = "\t".join(file.columns).encode() + b"\n"
    with archive.open(file.file) as stream:
        while block := stream.read(BLOCK_BYTES):
            content_hash.update(block)
            size += len(block)
            lines, found, rest = (rest + block).rpartition(b"\n")
            if not found:
                continue
            lines += b"\n"
            if rows < 0:
                if not lines.startswith(header):
                    raise _damaged(file)
                lines = lines[len(header) :]
                rows = 0
            rows += lines.count(b"\n")
            on_progress(rows)
            yield lines
    if rest or (content_hash.hexdigest(), size, rows) != (file.sha256, file.bytes, file.rows):
        raise _damaged(file)


def _sealed(blocks: Iterator[bytes], table: Table, file: TableFile, blind: list[BlindIndexField]) -> Iterator[bytes]:
    """The blocks with what is encrypted here, and the blind indexes behind it."""
    places = {file.columns.index(column): field for column, field in table.encrypted.items() if column in file.columns}
    if not places:
        yield from blocks
        return
    sources = [(next(place for place, field in places.items() if field.name == one.source), one) for one in blind]
    change = partial(_seal_line, places=places, sources=sources)
    for block in blocks:
        yield b"".join(map(change, _lines(block)))


def _lines(block: bytes) -> list[bytes]:
    return [line + b"\n" for line in block[:-1].split(b"\n")] if block else []


def _seal_line(line: bytes, places: dict[int, EncryptedTextField], sources: list[tuple[int, BlindIndexField]]) -> bytes:
    cells = line[:-1].split(b"\t")
    texts = {place: "" if cells[place] == NULL else unescape_cell(cells[place]) for place in places}
    for place, field in places.items():
        if texts[place]:
            cells[place] = encrypt(texts[place], context=field.context).encode()
    cells += [one.index_of(texts[place]).encode() for place, one in sources]
    return b"\t".join(cells) + b"\n"


@contextmanager
def _damage_in_words(file: TableFile) -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, DataError, ValueError, IndexError) as error:
        raise _damaged(file) from error
    except ExportFailedError as error:  # of the vault: a segment was changed
        raise _damaged(file) from error


def _damaged(file: TableFile) -> ExportRefusedError:
    message = _("The backup is damaged: %(file)s isn't what its manifest says. Nothing was changed.")
    return ExportRefusedError("damaged", message % {"file": file.file}, file=file.file)
