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

KEPT = ("django_migrations", "django_content_type", "auth_permission")
MANY_ROWS = 500
TRIGGERS = """
SELECT tgrelid::regclass::text, tgname, tgenabled = 'A' FROM pg_trigger
WHERE NOT tgisinternal AND tgenabled <> 'D' AND tgrelid::regclass::text = ANY(%s)
"""


@contextmanager
def quick_flush() -> Iterator[None]:
    """While this lasts, transactional tests are followed by the quick way."""
    django_s_own = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def flush(case: Any) -> None:
        used = _used_tables()
        has_many = any(rows >= MANY_ROWS for rows in used.values())
        with transaction.atomic(), _triggers_off(_tables() if has_many else list(used)):
            if has_many:
                django_s_own(case)
            else:
                _empty(list(used))

    with patch.object(TransactionTestCase, "_fixture_teardown", flush):
        yield


def _tables() -> list[str]:
    return [name for name in connection.introspection.table_names() if name not in KEPT]


def _used_tables() -> dict[str, int]:
    """The tables with rows, and how many, counted up to MANY_ROWS."""
    counts = [
        sql.SQL("SELECT {name}, count(*) FROM (SELECT FROM {table} LIMIT {most}) AS rows").format(
            name=sql.Literal(name), table=sql.Identifier(name), most=sql.Literal(MANY_ROWS)
        )
        for name in _tables()
    ]
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(" UNION ALL ").join(counts))
        return {name: rows for name, rows in cursor.fetchall() if rows}


@contextmanager
def _triggers_off(tables: list[str]) -> Iterator[None]:
    """Append-only tables refuse to be emptied."""
    with connection.cursor() as cursor:
        cursor.execute(TRIGGERS, [tables])
        found = cursor.fetchall()
        for table, trigger, _is_always in found:
            cursor.execute(_alter(table, "DISABLE TRIGGER {}", trigger))
        yield
        # What the emptying left to be checked at the commit would forbid the change of the table.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table, trigger, is_always in found:
            cursor.execute(_alter(table, f"ENABLE {'ALWAYS ' if is_always else ''}TRIGGER {{}}", trigger))


def _alter(table: str, words: str, trigger: str) -> sql.Composed:
    return sql.SQL(f"ALTER TABLE {{}} {words}").format(sql.Identifier(table), sql.Identifier(trigger))


def _empty(tables: list[str]) -> None:
    # Foreign keys are checked at the end, when both sides are gone.
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
