"""Looking at the database, and changing it, as somebody would who got hold of it."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

PROTECTED_TABLES = ("audit_auditlog", "audit_auditseal", "plans_planreleasehistory", "bots_erasedperson")


@contextmanager
def triggers_off() -> Iterator[None]:
    """While this lasts, append-only tables can be changed: what only the tables' owner can do."""
    _switch("DISABLE TRIGGER append_only")
    try:
        yield
    finally:
        _switch("ENABLE ALWAYS TRIGGER append_only")


@contextmanager
def audit_log_broken() -> Iterator[None]:
    """While this lasts, PostgreSQL takes no row of the audit log; for transactional tests."""
    _alter_log("ADD CONSTRAINT broken CHECK (false) NOT VALID")
    try:
        yield
    finally:
        _alter_log("DROP CONSTRAINT broken")


def _alter_log(words: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE audit_auditlog {words}")


def _switch(words: str) -> None:
    with connection.cursor() as cursor:
        for table in PROTECTED_TABLES:
            cursor.execute(f"ALTER TABLE {table} {words}")


def whole_database() -> str:
    """The text of every row of every table."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        found = []
        for table in tables:
            name = connection.ops.quote_name(table)
            cursor.execute(f"SELECT {name}::text FROM {name}")  # noqa: S608 (names from the catalogue)
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)
