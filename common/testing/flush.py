"""Emptying the database after a transactional test, where Django takes a fifth of a second.

Django truncates every table, which costs by the table, and makes content types and permissions anew. Here those stay,
and only tables that have rows are touched. Whoever left many rows still gets the truncation.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from django.db import connection, transaction
from django.test import TransactionTestCase
from psycopg import sql

from common.testing.database import PROTECTED_TABLES, triggers_off

KEPT = ("django_migrations", "django_content_type", "auth_permission")
MANY_ROWS = 500


@contextmanager
def quick_flush() -> Iterator[None]:
    """While this lasts, transactional tests are followed by the quick way."""
    django_s_own = TransactionTestCase._fixture_teardown

    def flush(case: Any) -> None:
        used = _used_tables()
        if any(rows >= MANY_ROWS for rows in used.values()):
            with triggers_off():
                django_s_own(case)
        elif set(used) & set(PROTECTED_TABLES):
            with triggers_off():
                _empty(list(used))
        else:
            _empty(list(used))

    with patch.object(TransactionTestCase, "_fixture_teardown", flush):
        yield


def _used_tables() -> dict[str, int]:
    """The tables with rows, and how many, counted up to MANY_ROWS."""
    tables = [name for name in connection.introspection.table_names() if name not in KEPT]
    counts = [
        sql.SQL("SELECT {name}, count(*) FROM (SELECT FROM {table} LIMIT {most}) AS rows").format(
            name=sql.Literal(name), table=sql.Identifier(name), most=sql.Literal(MANY_ROWS)
        )
        for name in tables
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(" UNION ALL ").join(counts))
        return {name: rows for name, rows in cursor.fetchall() if rows}


def _empty(tables: list[str]) -> None:
    # Foreign keys are checked at the commit, when both sides are gone.
    with transaction.atomic(), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
