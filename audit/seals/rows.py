"""The audit rows as bytes, which seals are computed from."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction

# PostgreSQL's own text form (COPY, text format), so that an auditor can compute a digest with psql and sha256sum.
# Columns that come later are not covered by seals of version 1: make a version 2 for them.
ROWS = """
COPY (
    SELECT id, occurred_at, action, actor_id, actor_label, object_type, object_id, object_label,
        address, agent, session_id, request_id, details
    FROM audit_auditlog WHERE id BETWEEN {first} AND {last} ORDER BY id
) TO STDOUT
"""
FORMAT = "SET LOCAL TimeZone = 'UTC'; SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL bytea_output = 'hex'"
SMALLEST_ID = -(2**63)
LARGEST_ID = 2**63 - 1


@contextmanager
def one_snapshot() -> Iterator[None]:
    """A read-only transaction in which every statement sees the same rows, in the form that seals are made of."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute(FORMAT)
        yield


def stream_rows(first: int, last: int) -> Iterator[bytes]:
    """The rows with ids from `first` to `last`, each as one line, in the order of their ids.

    `FORMAT` must hold in the transaction. Memory doesn't grow with the number of rows: the server sends a message
    for each. Read it to its end: a statement that is cut short ends the transaction.
    """
    with connection.cursor() as cursor, cursor.copy(ROWS.format(first=int(first), last=int(last))) as copy:
        yield from map(bytes, copy)


def id_of(row: bytes) -> int:
    """The id in a line of `stream_rows`."""
    return int(row[: row.index(b"\t")])


def new_digest() -> Any:
    """SHA-256, for the rows of a seal together."""
    return hashlib.sha256()
