"""Rows as PostgreSQL's COPY writes them: a line for each row, cells parted by tabs, `\\N` for null.

https://www.postgresql.org/docs/current/sql-copy.html, “Text Format”. A line break within a cell is escaped, so what
one line is needs no parser; and null differs from an empty text, which it doesn't once a CSV is read elsewhere.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import psycopg
from django.db import connection
from django.db.models import QuerySet
from psycopg import sql

NULL = b"\\N"
_ESCAPES = {b"\\": b"\\\\", b"\n": b"\\n", b"\r": b"\\r", b"\t": b"\\t"}
_UNESCAPES = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_TO_ESCAPE = re.compile(rb"[\\\n\r\t]")
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
# Values read the same wherever they are restored: moments in UTC, floats to their last digit.
PLAIN_VALUES = """
SELECT set_config('timezone', 'UTC', true), set_config('datestyle', 'ISO, YMD', true),
    set_config('intervalstyle', 'iso_8601', true), set_config('bytea_output', 'hex', true),
    set_config('extra_float_digits', '1', true)
"""

Change = Callable[[bytes], bytes]


def write_values_plainly() -> None:
    """For the rest of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute(PLAIN_VALUES)


def escape_cell(text: str) -> bytes:
    """A text as a cell; also one that PostgreSQL itself wouldn't take, as encrypted ones may be."""
    clear = text.encode("utf-8", "surrogatepass")
    return _TO_ESCAPE.sub(lambda found: _ESCAPES[found[0]], clear)


def unescape_cell(cell: bytes) -> str:
    """The text of a cell that isn't null."""
    clear = _ESCAPED.sub(lambda found: _UNESCAPES.get(found[1], found[1]), cell)
    return clear.decode("utf-8", "surrogatepass")


def read_lines(rows: QuerySet[Any], columns: Sequence[str]) -> Iterator[bytes]:
    """The lines of the rows' columns as they are stored, in PostgreSQL's own order."""
    attributes = {field.column: field.attname for field in rows.model._meta.local_concrete_fields if field.column}
    chosen = rows.values_list(*(attributes[column] for column in columns))
    words, parameters = chosen.query.sql_with_params()
    connection.ensure_connection()
    raw = connection.connection
    select = psycopg.ClientCursor(raw).mogrify(words, parameters)  # COPY takes no parameters
    statement = sql.SQL("COPY ({}) TO STDOUT").format(sql.SQL(cast(Any, select)))
    with connection.wrap_database_errors, psycopg.Cursor(raw) as cursor, cursor.copy(statement) as copy:
        for line in copy:
            yield bytes(line)


def load_lines(table: str, columns: Sequence[str], lines: Iterator[bytes]) -> None:
    """Put blocks of whole lines into a table. Raises Django's DataError for what isn't a row of it."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
    connection.ensure_connection()
    raw = connection.connection
    with connection.wrap_database_errors, psycopg.Cursor(raw) as cursor, cursor.copy(statement) as copy:
        for block in lines:
            copy.write(block)


def change_cells(line: bytes, changes: Mapping[int, Change]) -> bytes:
    """The line with the cells at these places changed, where they hold anything."""
    cells = line[:-1].split(b"\t")
    for place, change in changes.items():
        if cells[place] not in (NULL, b""):
            cells[place] = change(cells[place])
    return b"\t".join(cells) + b"\n"


class RowSum:
    """A checksum of lines that doesn't depend on their order: the sum of their hashes."""

    def __init__(self) -> None:
        self._sum = 0
        self.rows = 0

    def add(self, line: bytes) -> None:
        self.rows += 1
        self._sum += int.from_bytes(hashlib.blake2b(line, digest_size=16).digest())

    def __str__(self) -> str:
        return f"{self._sum % 2**128:032x}"
