"""One state of the database for a whole export, however long it takes."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


class NotOneSnapshotError(RuntimeError):
    """`one_snapshot` was called inside a transaction that sees other people's commits as they come."""


@contextmanager
def one_snapshot() -> Iterator[None]:
    """A transaction in which every query sees the database as it was at the first one (REPEATABLE READ).

    The transaction may write. PostgreSQL fixes a transaction's isolation before its first query, so inside a
    transaction of the caller's this one joins it where it is REPEATABLE READ or SERIALIZABLE already, and raises
    NotOneSnapshotError elsewhere.
    """
    if connection.in_atomic_block:
        _refuse_read_committed()
        with transaction.atomic():
            yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def _refuse_read_committed() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_isolation")
        level = cursor.fetchone()[0]
    if level not in {"repeatable read", "serializable"}:
        raise NotOneSnapshotError(f"an export can't run inside a transaction that is {level}")
