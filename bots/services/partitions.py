"""Keeping the inbox and the messages in parts: made ahead, and dropped after their time."""

import datetime as dt
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.alarms import raise_alarm
from audit.services import record
from bots.partitions import (
    INBOX,
    TABLES,
    Held,
    due_partitions,
    held_in,
    may_be_dropped,
    outdated_partitions,
    troubles,
)
from common.partitions import (
    Partition,
    PartitionBusy,
    PartitionedTable,
    make_partition,
    refresh_statistics,
    removing,
    sizes_of,
)


@dataclass
class Upkeep:
    """The names of the partitions that were made, dropped, kept past their time for what they hold, or busy."""

    made: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    busy: list[str] = field(default_factory=list)
    moved_rows: int = 0


def maintain_partitions(*, actor: User | None, dry_run: bool = False) -> Upkeep:
    """Make the partitions that will be needed within seven days, and drop those of the inbox that are too old.

    Rows of the default partitions move to where they belong. A partition at which others work for longer than a
    second is left for the next time, and told as busy. With `dry_run` nothing changes; told is what would.
    """
    upkeep, now = Upkeep(), timezone.now()
    for table in TABLES:
        for partition in due_partitions(table, now):
            _make(table, partition, upkeep, actor=actor, dry_run=dry_run)
        if not dry_run and any(name.startswith(table.name) for name in upkeep.made):
            refresh_statistics(table)
    for partition in outdated_partitions(now):
        _drop(partition, upkeep, now, actor=actor, dry_run=dry_run)
    return upkeep


def watch_partitions() -> bool:
    """Raise the alarm `partitions` when the upkeep didn't achieve what it should; returns whether."""
    found = troubles()
    if found:
        raise_alarm("partitions", *found, _("Run manage.py maintain_partitions, and see what it says."))
    return bool(found)


def _make(table: PartitionedTable, partition: Partition, upkeep: Upkeep, *, actor: User | None, dry_run: bool) -> None:
    try:
        if not dry_run:
            with transaction.atomic():
                moved = make_partition(table, partition)
                record(action="bots.partition.create", actor=actor, details={"name": partition.name, "moved": moved})
            upkeep.moved_rows += moved
        upkeep.made.append(partition.name)
    except PartitionBusy:
        upkeep.busy.append(partition.name)


def _drop(partition: Partition, upkeep: Upkeep, now: dt.datetime, *, actor: User | None, dry_run: bool) -> None:
    if not may_be_dropped(partition, held_in(partition), now):
        upkeep.kept.append(partition.name)
        return
    try:
        if not dry_run:
            with removing(INBOX, partition):
                # Again, now that nobody can have a rejected one retried.
                held = held_in(partition)
                if not may_be_dropped(partition, held, now):
                    raise PartitionBusy
                _record_drop(partition, held, actor)
        upkeep.dropped.append(partition.name)
    except PartitionBusy:
        upkeep.busy.append(partition.name)


def _record_drop(partition: Partition, held: Held, actor: User | None) -> None:
    rows = sizes_of(INBOX)[partition.name].rows
    details = {"name": partition.name, "about_rows": rows, "rejected": held.rejected}
    record(action="bots.partition.delete", actor=actor, details=details)
