"""Sealing what was written since the last seal, without ever holding up a writer."""

import logging
from collections.abc import Iterator
from dataclasses import replace

from django.db import connection, transaction
from django.utils import timezone

from audit.models import AuditLog, AuditSeal
from audit.seals.chain import BEFORE_THE_FIRST, Seal, active_key_id, mac_of, pack_row_digest, seals_of
from audit.seals.rows import FORMAT, SMALLEST_ID, id_of, new_digest, stream_rows
from common.drawn_ids import decided_up_to

logger = logging.getLogger(__name__)

ROWS_PER_SEAL = 10_000
SEALER_LOCK = 0x5EA1
WAIT_SECONDS = 20.0


def seal_new_rows(*, wait_seconds: float = WAIT_SECONDS) -> int:
    """Seal all rows that are committed and not sealed yet; gives how many there were.

    Only one process seals at a time; another gives 0 at once. When a transaction that has written to the
    log stays open for longer than `wait_seconds`, nothing is sealed this time: what it wrote may lie in between.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [SEALER_LOCK])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(FORMAT)
        last = AuditSeal.objects.order_by("number").last()
        upper = decided_up_to(AuditLog._meta.db_table, wait_seconds=wait_seconds)
        if upper is None:
            logger.warning("The audit log was not sealed: a transaction that wrote to it is still open.")
            return 0
        return sum(seal.row_count for seal in _make_seals(last, upper))


def _make_seals(last: AuditSeal | None, upper: int) -> Iterator[Seal]:
    """Seals of at most ROWS_PER_SEAL rows. Their spans of ids tile: a row that turns up in a gap is an intruder."""
    first = last.last_row_id + 1 if last else SMALLEST_ID
    number, previous_mac = (last.number, bytes(last.mac)) if last else (0, BEFORE_THE_FIRST)
    while (span := _span(first, upper)) is not None:
        number += 1
        seal = _seal(number, previous_mac, first, span)
        yield seal
        first, previous_mac = span + 1, seal.mac


def _span(first: int, upper: int) -> int | None:
    """The last id of the next seal; None when no row is left for one."""
    ids = AuditLog.objects.filter(id__gte=first, id__lte=upper).order_by("id").values_list("id", flat=True)
    if not ids.exists():
        return None
    full = ids[ROWS_PER_SEAL - 1 : ROWS_PER_SEAL].first()
    return upper if full is None else full


def _seal(number: int, previous_mac: bytes, first: int, last: int) -> Seal:
    content, digests, count = new_digest(), bytearray(), 0
    for row in stream_rows(first, last):
        content.update(row)
        digests += pack_row_digest(id_of(row), row)
        count += 1
    unsigned = Seal(
        number=number,
        sealed_at=timezone.now(),
        first_row_id=first,
        last_row_id=last,
        row_count=count,
        content_digest=content.digest(),
        row_digests=bytes(digests),
        previous_mac=previous_mac,
        key_id=active_key_id(),
    )
    seal = replace(unsigned, mac=mac_of(unsigned) or b"")
    AuditSeal.objects.create(**seal.__dict__)
    return seal


def stored_seals(*, after: int = 0) -> Iterator[Seal]:
    """The seals with numbers above `after`, in order, streamed."""
    return seals_of(AuditSeal.objects.filter(number__gt=after).order_by("number"))
