"""Statements over many rows at once, past the ORM: columns travel as one array each, all in PostgreSQL's binary form.

They are part of the transaction that Django has open on this connection, and raise Django's errors.
"""

from collections.abc import Iterable, Sequence
from typing import Any, LiteralString

import psycopg
from django.db import connection
from psycopg import sql

Row = tuple[Any, ...]


def fetch_rows(statement: LiteralString | sql.Composed, parameters: Sequence[Any]) -> list[Row]:
    """The rows that a statement returns, none where it returns nothing; a parameter stands as `%b`."""
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement, parameters, binary=True)
        return cursor.fetchall() if cursor.description else []


def run_set_wise(
    words: LiteralString, rows: Sequence[Row], columns: LiteralString, constants: Iterable[Any] = ()
) -> list[Row]:
    """Run a statement on many rows; gives what it returns. Nothing is asked for no rows.

    `{rows}` stands in it where a table would. Its columns are told with their types, as in `id bigint, text text`, and
    are named `came.id` and `came.text` in the statement. `constants` fill the `%b` before it.
    """
    if not rows:
        return []
    names, types = zip(*(column.split() for column in columns.split(", ")), strict=True)
    arrays = sql.SQL(", ").join(sql.SQL("%b::") + sql.SQL(one) + sql.SQL("[]") for one in types)
    came = sql.SQL("unnest({}) AS came ({})").format(arrays, sql.SQL(", ").join(map(sql.Identifier, names)))
    values = [list(column) for column in zip(*rows, strict=True)]
    return fetch_rows(sql.SQL(words).format(rows=came), [*constants, *values])
