"""Whether auditing works, at a glance."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from django.utils import timezone

from audit.models import AuditLog, AuditSeal

LATE_AFTER_SECONDS = 10 * 60
SILENT_AFTER_SECONDS = 15 * 60  # the canary writes every five minutes


class LogCondition(StrEnum):
    SEALED = "sealed"
    LATE = "late"
    SILENT = "silent"


@dataclass(frozen=True)
class LogState:
    """When the log was sealed last, and what is wrong: `late`, rows wait for a seal; `silent`, nobody writes."""

    condition: LogCondition
    last_sealed_at: dt.datetime | None
    last_row_at: dt.datetime | None


def log_state() -> LogState:
    """The state of now, by three look-ups in indexes."""
    now = timezone.now()
    seal = AuditSeal.objects.order_by("number").only("sealed_at", "last_row_id").last()
    times = AuditLog.objects.values_list("occurred_at", flat=True)
    newest = times.order_by("id").last()
    waiting = times.filter(id__gt=seal.last_row_id) if seal else times
    oldest = waiting.order_by("id").first()
    condition = LogCondition.SEALED
    if newest and now - newest > dt.timedelta(seconds=SILENT_AFTER_SECONDS):
        condition = LogCondition.SILENT
    if oldest and now - oldest > dt.timedelta(seconds=LATE_AFTER_SECONDS):
        condition = LogCondition.LATE
    return LogState(condition, seal.sealed_at if seal else None, newest)
