import datetime as dt
import json
from functools import cache

from django.utils.translation import gettext_lazy as _
from import_export.widgets import IntegerWidget

from audit.labels import describe_action, describe_kind
from audit.models import AuditLog
from exports.resources.columns import Column, ExportResource, jalali


class AuditLogResource(ExportResource):
    """The rows of the audit log: acts and kinds in words and as their codes, the rest as it was written."""

    id = Column(_("Row"), attribute="id", widget=IntegerWidget(), width=10)
    time = Column(_("Time (Jalali)"), attribute="occurred_at", width=18)
    occurred_at = Column(_("Time (Gregorian)"), attribute="occurred_at", width=22)
    what = Column(_("What happened"), attribute="action", width=34)
    action = Column(_("Act's code"), attribute="action", width=30)
    actor_label = Column(_("Person"), attribute="actor_label", width=20)
    actor_id = Column(_("Person's number"), attribute="actor_id", widget=IntegerWidget(), width=10)
    kind = Column(_("Kind of object"), attribute="object_type", width=18)
    object_type = Column(_("Kind's code"), attribute="object_type", width=20)
    object_id = Column(_("Object's number"), attribute="object_id", width=12)
    object_label = Column(_("Object"), attribute="object_label", width=24)
    address = Column(_("Address"), attribute="address", width=16)
    agent = Column(_("Browser or program"), attribute="agent", width=24)
    session_id = Column(_("Session"), attribute="session_id", width=20)
    request_id = Column(_("Request"), attribute="request_id", width=20)
    details = Column(_("Details (JSON)"), attribute="details", width=60)

    class Meta:
        model = AuditLog
        fields = export_order = (
            "id", "time", "occurred_at", "what", "action", "actor_label", "actor_id", "kind", "object_type",
            "object_id", "object_label", "address", "agent", "session_id", "request_id", "details",
        )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        # Of one language, and asked for each row.
        self._describe_action, self._describe_kind = cache(describe_action), cache(describe_kind)

    def dehydrate_time(self, row: AuditLog) -> str:
        return jalali(row.occurred_at)

    def dehydrate_occurred_at(self, row: AuditLog) -> dt.datetime:
        return row.occurred_at

    def dehydrate_what(self, row: AuditLog) -> str:
        return self._describe_action(row.action)

    def dehydrate_kind(self, row: AuditLog) -> str:
        return self._describe_kind(row.object_type) if row.object_type else ""

    def dehydrate_details(self, row: AuditLog) -> str:
        return json.dumps(row.details, ensure_ascii=False)
