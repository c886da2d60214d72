"""Up to which id a table that others write to is complete."""

import time

from django.db import connection

POLL_SECONDS = 0.02
LAST_DRAWN = "SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence(%s, 'id')::regclass), 0)"
WRITERS = """
SELECT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND relation = %s::regclass AND mode = 'RowExclusiveLock'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND pid <> pg_backend_pid()
"""


def decided_up_to(table: str, *, wait_seconds: float) -> int | None:
    """An id up to which every row of `table` is committed or will never be; None when waiting took too long.

    Ids are drawn in one order and committed in another, so the newest visible row is no bound. But a statement takes
    its lock on the table before it draws an id: whoever drew one up to now holds that lock until the transaction
    ends. So: note the last id drawn, then wait for the holders of that moment. New writers aren't waited for, and
    nobody waits for us.
    """
    with connection.cursor() as cursor:
        cursor.execute(LAST_DRAWN, [table])
        newest = int(cursor.fetchone()[0])
    deadline = time.monotonic() + wait_seconds
    writing = _writers(table)
    while writing:
        if time.monotonic() > deadline:
            return None
        time.sleep(POLL_SECONDS)
        writing &= _writers(table)
    return newest


def _writers(table: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(WRITERS, [table])
        return {row[0] for row in cursor.fetchall()}
