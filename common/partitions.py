"""Tables that PostgreSQL keeps in parts, each for a day or a month of UTC.

Rows of a time for which there is no part go to the *default partition*, `<table>_default`. That is the pattern of the
others, too: a new one gets its indexes, also those that can hold within one part only, such as what is unique.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, LiteralString

from django.db import OperationalError, connection, transaction
from psycopg import sql
from psycopg.errors import DeadlockDetected, LockNotAvailable

# Whoever uses the table waits behind us while we wait. All locks are taken at first, in less than a second together:
# if somebody holds one of them and waits for another, it is we who give up, before PostgreSQL looks for deadlocks.
LOCK_TIMEOUT = "300ms"
_PARTS = """
    SELECT part.relname, greatest(part.reltuples, 0)::bigint, pg_total_relation_size(part.oid)
    FROM pg_inherits JOIN pg_class AS part ON part.oid = inhrelid WHERE inhparent = %s::regclass ORDER BY part.relname
"""


class Span(StrEnum):
    """How much time a partition holds; the values are those of `date_trunc`."""

    DAY = "day"
    MONTH = "month"


class PartitionBusy(Exception):
    """Somebody works with the table for longer than we may make others wait."""


@dataclass(frozen=True, order=True)
class Partition:
    """The part that holds the rows from `begin` until before `end`."""

    begin: dt.datetime
    end: dt.datetime
    name: str


@dataclass(frozen=True)
class PartSize:
    """What a part takes: its rows as PostgreSQL estimates them, its bytes with indexes."""

    rows: int
    size_bytes: int


@dataclass(frozen=True)
class PartitionedTable:
    """A table in parts by the time in `column`, which its rows keep for life."""

    name: str
    column: str
    span: Span

    @property
    def default(self) -> str:
        """The name of the default partition."""
        return f"{self.name}_default"

    def partition_at(self, moment: dt.datetime) -> Partition:
        """The partition that a row of this moment belongs to, whether it exists or not."""
        begin = moment.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        if self.span is Span.DAY:
            return Partition(begin, begin + dt.timedelta(days=1), f"{self.name}_{begin:%Y_%m_%d}")
        begin = begin.replace(day=1)
        end = (begin + dt.timedelta(days=31)).replace(day=1)
        return Partition(begin, end, f"{self.name}_{begin:%Y_%m}")

    def partitions_between(self, first: dt.datetime, last: dt.datetime) -> Iterator[Partition]:
        """Each partition from that of `first` up to that of `last`."""
        partition = self.partition_at(first)
        while partition.begin <= last:
            yield partition
            partition = self.partition_at(partition.end)


_REFERENCED = """
    SELECT DISTINCT target.relname FROM pg_constraint JOIN pg_class AS target ON target.oid = confrelid
    WHERE conrelid = %s::regclass AND contype = 'f' ORDER BY target.relname
"""


def sizes_of(table: PartitionedTable) -> dict[str, PartSize]:
    """The size of each part by its name, the default partition's too."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTS, [table.name])
        return {name: PartSize(rows, size_bytes) for name, rows, size_bytes in cursor.fetchall()}


def partitions_of(table: PartitionedTable) -> list[Partition]:
    """The partitions that there are, the oldest first, without the default one."""
    form = "%Y_%m_%d" if table.span is Span.DAY else "%Y_%m"
    dates = [name.removeprefix(f"{table.name}_") for name in sizes_of(table) if name != table.default]
    return sorted(table.partition_at(dt.datetime.strptime(date, form).replace(tzinfo=dt.UTC)) for date in dates)


def misplaced_in(table: PartitionedTable, first: dt.datetime, end: dt.datetime) -> list[Partition]:
    """The partitions, none of which exists, that rows of the default partition from `first` until `end` belong to."""
    found = _execute(
        "SELECT DISTINCT date_trunc({span}, {column}, 'UTC') FROM {default} WHERE {column} >= {first}"
        " AND {column} < {end}",
        table,
        span=table.span.value,
        first=first,
        end=end,
    )
    return sorted(table.partition_at(begin) for (begin,) in found)


def make_partition(table: PartitionedTable, partition: Partition) -> int:
    """Make a partition unless it exists, and move to it what the default partition holds of its time.

    Returns how many rows moved. Nobody finds them missing, or twice, meanwhile. Raises PartitionBusy.
    """
    with _impatient():
        _lock_for_making(table)
        if partition in partitions_of(table):
            return 0
        names = {"part": sql.Identifier(partition.name), "first": partition.begin, "end": partition.end}
        # Attaching, unlike making it in place, lets others write to the table all the while.
        _execute(
            "CREATE TABLE {part} (LIKE {default} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)",
            table,
            **names,
        )
        moved = _execute(
            "WITH moved AS (DELETE FROM {default} WHERE {column} >= {first} AND {column} < {end} RETURNING *),"
            " kept AS (INSERT INTO {part} SELECT * FROM moved RETURNING 1) SELECT count(*) FROM kept",
            table,
            **names,
        )
        _execute("ALTER TABLE {table} ATTACH PARTITION {part} FOR VALUES FROM ({first}) TO ({end})", table, **names)
    return int(moved[0][0])


def refresh_statistics(table: PartitionedTable) -> None:
    """Let PostgreSQL look at the table as a whole, which it does by itself for the parts only."""
    _execute("ANALYZE {table}", table)


@contextmanager
def removing(table: PartitionedTable, partition: Partition) -> Iterator[None]:
    """Drop a partition with all that it holds when the block ends well; nobody reads or writes the table meanwhile.

    Raises PartitionBusy.
    """
    part = sql.Identifier(partition.name)
    with _impatient():
        _execute("LOCK TABLE ONLY {table}, ONLY {part} IN ACCESS EXCLUSIVE MODE", table, part=part)
        yield
        _execute("DROP TABLE {part}", table, part=part)


def _lock_for_making(table: PartitionedTable) -> None:
    """Take the locks that attaching needs, in the order in which writers take theirs: first what rows refer to.

    Whoever has read a row of the default partition holds a lock on it until the end: no row moves away meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute(_REFERENCED, [table.name])
        referenced = [sql.Identifier(name) for (name,) in cursor.fetchall()]
    for name in referenced:
        _execute("LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE", table, name=name)
    _execute("LOCK TABLE ONLY {table} IN SHARE UPDATE EXCLUSIVE MODE", table)
    _execute("LOCK TABLE {default} IN ACCESS EXCLUSIVE MODE", table)


@contextmanager
def _impatient() -> Iterator[None]:
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
            # What this transaction has written, it checks now: PostgreSQL changes no table with checks to come.
            connection.check_constraints()
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, LockNotAvailable | DeadlockDetected):
            raise PartitionBusy(str(error)) from error
        raise


def _execute(words: LiteralString, table: PartitionedTable, **parts: Any) -> list[tuple[Any, ...]]:
    names = {"table": table.name, "column": table.column, "default": table.default}
    statement = sql.SQL(words).format(**{name: sql.Identifier(value) for name, value in names.items()} | parts)
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []
