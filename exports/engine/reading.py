"""Rows from PostgreSQL's `COPY … TO STDOUT`, in blocks."""

from collections.abc import Generator, Sequence
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.postgresql.psycopg_any import mogrify
from psycopg.pq import ExecStatus, abc

from exports.writers.base import Block, SheetColumn

# What fits into the processor's nearer memory: with blocks of 512 KB, the same work takes three times as long.
BLOCK_BYTES = 64 * 1024


def read_blocks(
    statement: str, parameters: Sequence[Any], columns: Sequence[SheetColumn]
) -> Generator[Block, None, None]:
    """The rows that a COPY gives, on Django's own connection and so within its transaction.

    Close the iterator when you don't want the rest: that cancels the statement.
    """
    statement = mogrify(statement, parameters, connection)  # COPY takes no parameters
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        # COPY sends each row by itself, and all that is done for one here counts: `copy.read()` is for waiting only.
        take = copy.connection.pgconn.get_copy_data
        rows: list[bytes | memoryview] = []
        size = 0
        while True:
            row_size, row = take(1)
            if row_size < 0:
                _read_outcome(copy.connection.pgconn)
                break
            if row_size == 0:
                row = copy.read()
                row_size = len(row)
                if not row:
                    break
            rows.append(row)
            size += row_size
            if size >= BLOCK_BYTES:
                yield _block(rows, columns)
                rows, size = [], 0
        if rows:
            yield _block(rows, columns)


def _read_outcome(pgconn: abc.PGconn) -> None:
    """Take the statement's outcome off the connection. Raises psycopg's error where it failed in the middle."""
    results = []
    while result := pgconn.get_result():
        results.append(result)
    if results[0].status != ExecStatus.COMMAND_OK:
        raise psycopg.errors.error_from_result(results[0])


def _block(rows: list[bytes | memoryview], columns: Sequence[SheetColumn]) -> Block:
    return Block(rows, columns, longest=max(map(len, rows)))
