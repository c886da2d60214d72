"""Which rows of the audit log: the filters that its list and the command share."""

from dataclasses import dataclass, field

from django.db.models import QuerySet

from audit.finding import by_or_about, within_days
from audit.models import AuditLog
from common.admin.date_filter import DayRange
from common.jalali import format_local

EXACT = ("action", "object_type", "object_id", "session_id", "request_id")


@dataclass(frozen=True)
class AuditLogFilters:
    """What rows must have in common; empty means any. `person` is the number of a member of staff."""

    days: DayRange = field(default_factory=DayRange)
    person: int | None = None
    action: str = ""
    object_type: str = ""
    object_id: str = ""
    session_id: str = ""
    request_id: str = ""

    def apply(self, rows: QuerySet[AuditLog]) -> QuerySet[AuditLog]:
        """Those of `rows` that every filter lets through."""
        rows = within_days(rows, self.days)
        if self.person is not None:
            rows = rows.filter(by_or_about(self.person))
        return rows.filter(**{name: value for name in EXACT if (value := getattr(self, name))})

    def options(self) -> list[str]:
        """The same filters as options of `manage.py export_audit_log`, days in the reader's calendar."""
        given: dict[str, object] = {"from": format_local(self.days.first), "to": format_local(self.days.last)}
        given |= {"person": self.person or "", **{name: getattr(self, name) for name in EXACT}}
        return [f"--{name.replace('_', '-')}={value}" for name, value in given.items() if value]

    def for_audit(self) -> dict[str, str]:
        """The filters in words that need no translation: `{"action": "plans.plan.add", "from": "2025-11-22"}`."""
        days = {"from": self.days.first, "to": self.days.last}
        told = {name: day.isoformat() for name, day in days.items() if day}
        told |= {name: str(getattr(self, name)) for name in ("person", *EXACT) if getattr(self, name)}
        return told
