"""Statements over whole tables, past the ORM. What is put together in them is names of our own tables and columns."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import connection

Row = tuple[Any, ...]


def name(text: str) -> str:
    """A table's or column's name as it stands in a statement."""
    return str(connection.ops.quote_name(text))


def names(texts: Sequence[str]) -> str:
    """Names with commas between them."""
    return ", ".join(map(name, texts))


def run(statement: str, parameters: Sequence[Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def read(statement: str, parameters: Sequence[Any] | None = None) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return list(cursor.fetchall())


def read_in_parts(statement: str, *, rows_at_once: int) -> Iterator[list[Row]]:
    """The rows of a statement that may have millions, some at a time."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(statement)
        while rows := cursor.fetchmany(rows_at_once):
            yield rows
