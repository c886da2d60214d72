"""Sending each seal to the places off this machine that keep a copy."""

import datetime as dt
from itertools import islice

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit.alarms import raise_alarm
from audit.models import SealDestination
from audit.seals.chain import Seal
from audit.seals.destinations import Destination, NotDelivered, configured_destinations
from audit.seals.sealing import stored_seals

SEALS_PER_DELIVERY = 200
ROWS_PER_DELIVERY = 100_000
ALARM_AFTER_SECONDS = 15 * 60
LONGEST_ERROR = 500
NOT_SENT = _("Seals of the audit log don't reach a place that keeps copies of them.")


def send_new_seals() -> int:
    """Send every destination the seals that it hasn't got; gives how many were delivered.

    A destination that fails doesn't hold up the others; after a quarter of an hour people are told.
    """
    return sum(_send_to(destination) for destination in configured_destinations())


def _send_to(destination: Destination) -> int:
    kept, _made = SealDestination.objects.get_or_create(name=destination.name)
    if not _is_due(kept, destination):
        return 0
    delivered = 0
    while count := _send_some(destination):
        delivered += count
    return delivered


@transaction.atomic
def _send_some(destination: Destination) -> int:
    """One delivery. The row's lock keeps two processes from sending the same seals at the same time."""
    kept = SealDestination.objects.select_for_update(skip_locked=True).filter(name=destination.name).first()
    seals = _next_seals(kept.last_number) if kept else []
    if kept is None or not seals:
        return 0
    try:
        destination.send(seals)
    except NotDelivered as error:
        _note_failure(kept, str(error))
        return 0
    kept.last_number, kept.last_sent_at = seals[-1].number, timezone.now()
    kept.last_error, kept.failing_since = "", None
    kept.save()
    return len(seals)


def _next_seals(after: int) -> list[Seal]:
    """What one delivery holds: as many as fit into a mail of a few megabytes."""
    seals: list[Seal] = []
    rows = 0
    for seal in islice(stored_seals(after=after), SEALS_PER_DELIVERY):
        rows += seal.row_count
        if seals and rows > ROWS_PER_DELIVERY:
            break
        seals.append(seal)
    return seals


def _is_due(kept: SealDestination, destination: Destination) -> bool:
    interval = dt.timedelta(seconds=destination.interval_seconds)
    return kept.last_sent_at is None or timezone.now() >= kept.last_sent_at + interval


def _note_failure(kept: SealDestination, error: str) -> None:
    kept.last_error = error[:LONGEST_ERROR]
    kept.failing_since = kept.failing_since or timezone.now()
    kept.save()
    if timezone.now() - kept.failing_since > dt.timedelta(seconds=ALARM_AFTER_SECONDS):
        since = kept.failing_since.isoformat(timespec="seconds")
        raise_alarm(f"seals-not-sent {kept.name}", NOT_SENT, f"{kept.name} ({since}): {error}")
