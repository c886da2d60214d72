"""Who works on a run: one worker at a time, by a claim in PostgreSQL. A task that comes twice finds the run taken.

Moments are the database's, so that workers whose clocks differ agree on who is dead.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from uuid import uuid4

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from exports.models import DataExportLog

# Sixty times what a worker that lives needs.
DEAD_AFTER = dt.timedelta(seconds=30)
MOST_ATTEMPTS = 3

State = DataExportLog.State


class Verdict(StrEnum):
    """Why whoever works on a run has to stop."""

    CANCELLED = "cancelled"
    LOST = "lost"


class ClaimLostError(RuntimeError):
    """The run belongs to another worker now, or is at its end: what this one has made is thrown away."""


def claim_run(run_id: int) -> DataExportLog | None:
    """Take a run that waits; None where there is none that does."""
    claim = uuid4()
    taken = DataExportLog.objects.filter(pk=run_id, state=State.QUEUED).update(
        state=State.RUNNING,
        claim=claim,
        seen_at=Now(),
        started_at=Now(),
        attempts=F("attempts") + 1,
        rows_written=0,
    )
    if not taken:
        return None
    people = ("asked_by", "approved_by", "candidate")
    return DataExportLog.objects.select_related(*people).filter(pk=run_id, claim=claim).first()


def beat(run: DataExportLog, rows_written: int) -> Verdict | None:
    """Say that the run is being worked on, and how far it is; tells whether to stop."""
    mine = DataExportLog.objects.filter(pk=run.pk, claim=run.claim, state=State.RUNNING)
    if not mine.update(seen_at=Now(), rows_written=rows_written):
        return Verdict.LOST
    return Verdict.CANCELLED if mine.filter(cancel_asked_at__isnull=False).exists() else None


@contextmanager
def held(run: DataExportLog) -> Iterator[DataExportLog]:
    """A transaction in which the run is locked and surely this worker's. Raises ClaimLostError where it isn't."""
    with transaction.atomic():
        mine = DataExportLog.objects.filter(pk=run.pk, claim=run.claim, state=State.RUNNING)
        locked = mine.select_for_update().first()
        if locked is None:
            raise ClaimLostError(str(run))
        yield locked


def runs_of_the_dead() -> QuerySet[DataExportLog]:
    """The runs whose worker gives no sign of life."""
    return DataExportLog.objects.filter(state=State.RUNNING, seen_at__lt=Now() - DEAD_AFTER)
