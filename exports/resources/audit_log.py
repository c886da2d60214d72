from functools import cache

from django.utils.translation import gettext_lazy as _

from audit.labels import describe_action, describe_kind
from audit.models import AuditLog
from exports.resources.columns import Column, ExportResource, Kind


class AuditLogResource(ExportResource):
    """The rows of the audit log: acts and kinds in words and as their codes, the rest as it was written."""

    id = Column(_("Row"), reads="id", kind=Kind.NUMBER, width=10)
    time = Column(_("Time (Jalali)"), reads="occurred_at", kind=Kind.JALALI, width=18)
    occurred_at = Column(_("Time (Gregorian)"), reads="occurred_at", kind=Kind.MOMENT, width=22)
    what = Column(_("What happened"), reads="action", finish=lambda: cache(describe_action), width=34)
    action = Column(_("Act's code"), reads="action", width=30)
    actor_label = Column(_("Person"), reads="actor_label", width=20)
    actor_id = Column(_("Person's number"), reads="actor_id", kind=Kind.NUMBER, width=10)
    kind = Column(_("Kind of object"), reads="object_type", finish=lambda: cache(describe_kind), width=18)
    object_type = Column(_("Kind's code"), reads="object_type", width=20)
    object_id = Column(_("Object's number"), reads="object_id", width=12)
    object_label = Column(_("Object"), reads="object_label", width=24)
    address = Column(_("Address"), reads="address", width=16)
    agent = Column(_("Browser or program"), reads="agent", width=24)
    session_id = Column(_("Session"), reads="session_id", width=20)
    request_id = Column(_("Request"), reads="request_id", width=20)
    details = Column(_("Details (JSON)"), reads="details", kind=Kind.JSON, width=60)

    class Meta:
        model = AuditLog
        fields = export_order = (
            "id", "time", "occurred_at", "what", "action", "actor_label", "actor_id", "kind", "object_type",
            "object_id", "object_label", "address", "agent", "session_id", "request_id", "details",
        )  # fmt: skip
