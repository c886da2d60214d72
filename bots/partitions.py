"""Which tables of bots are kept in parts, and what is wrong with these parts (docs/adr/0013)."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from constance import config
from django.db.models import Min
from django.utils import timezone
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy as _

from bots.models import InboundUpdate, Message
from common.jalali import format_local
from common.partitions import Partition, PartitionedTable, Span, misplaced_in, partitions_of

INBOX = PartitionedTable(InboundUpdate._meta.db_table, "received_at", Span.DAY)
MESSAGES = PartitionedTable(Message._meta.db_table, "occurred_at", Span.MONTH)
TABLES = (INBOX, MESSAGES)
MADE_AHEAD = dt.timedelta(days=7)
# The month in which Telegram began. Messages that claim to be older stay in the default partition, as do those of
# the future: a partition for each date that somebody could think of would be thousands.
EARLIEST = dt.datetime(2013, 8, 1, tzinfo=dt.UTC)
State = InboundUpdate.State


def _filled(words: Any, **values: Any) -> str:
    return str(words % values)


# Words for the log, for mails and for pages: each is read in another language.
_day = lazy(format_local, str)
_fill = lazy(_filled, str)


@dataclass(frozen=True)
class Held:
    """Whether something in a partition of the inbox is still to be done, and how many updates were rejected."""

    is_pending: bool
    rejected: int


def due_partitions(table: PartitionedTable, now: dt.datetime) -> list[Partition]:
    """The partitions that are missing: of the next seven days, and of what the default partition holds."""
    latest = now + MADE_AHEAD
    wanted = {*table.partitions_between(now, latest), *misplaced_in(table, EARLIEST, table.partition_at(latest).end)}
    return sorted(wanted - set(partitions_of(table)))


def outdated_partitions(now: dt.datetime) -> list[Partition]:
    """The partitions of the inbox whose newest update is older than updates are kept."""
    kept_from = now - dt.timedelta(days=config.INBOX_KEEP_DAYS)
    return [partition for partition in partitions_of(INBOX) if partition.end <= kept_from]


def held_in(partition: Partition) -> Held:
    """What of a partition of the inbox somebody may still need."""
    rows = InboundUpdate.objects.filter(received_at__gte=partition.begin, received_at__lt=partition.end).order_by()
    rejected = rows.filter(state=State.REJECTED)
    return Held(rows.filter(state=State.PENDING).exists(), rejected.count())


def may_be_dropped(partition: Partition, held: Held, now: dt.datetime) -> bool:
    """What waits is never dropped. What was rejected is kept for twice the time: it can be retried, but not for ever,
    as the others of its day would be kept with it."""
    twice = now - dt.timedelta(days=2 * config.INBOX_KEEP_DAYS)
    return not held.is_pending and (not held.rejected or partition.end <= twice)


def troubles() -> list[Any]:
    """What the upkeep of the partitions didn't achieve, in words of the language that they are read in."""
    now, found = timezone.now(), []
    for table in TABLES:
        if table.partition_at(now + dt.timedelta(days=1)) not in partitions_of(table):
            found.append(_fill(_("Table %(table)s has no partition for tomorrow."), table=table.name))
        if misplaced_in(table, EARLIEST, table.partition_at(now).end):
            found.append(_fill(_("Rows of table %(table)s stand in its default partition."), table=table.name))
    oldest = InboundUpdate.objects.filter(
        state=State.PENDING, received_at__lt=now - dt.timedelta(days=config.INBOX_KEEP_DAYS)
    ).aggregate(moment=Min("received_at"))["moment"]
    if oldest:
        words = _("Updates of %(day)s still wait in the inbox, so they can't be dropped.")
        found.append(_fill(words, day=_day(oldest, with_time=False)))
    return found
