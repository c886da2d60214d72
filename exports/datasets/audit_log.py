from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.finding import by_or_about, may_read_log, within_days
from audit.models import AuditLog
from exports.datasets.base import Dataset, Sheet
from exports.datasets.filter_form import DayField, FilterForm
from exports.resources.audit_log import AuditLogResource

EXACT = ("action", "object_type", "object_id", "session_id", "request_id")


class AuditLogFilters(FilterForm):
    """Which rows of the log."""

    time_from = DayField(label=_("From"))
    time_to = DayField(label=_("Until"))
    person = forms.IntegerField(label=_("Person's number"), required=False, min_value=1)
    action = forms.CharField(label=_("Act's code"), required=False, max_length=100)
    object_type = forms.CharField(label=_("Kind's code"), required=False, max_length=100)
    object_id = forms.CharField(label=_("Object's number"), required=False, max_length=64)
    session_id = forms.CharField(label=_("Session"), required=False, max_length=64)
    request_id = forms.CharField(label=_("Request"), required=False, max_length=64)

    def narrowed(self, rows: QuerySet[Any], sheet: str) -> QuerySet[Any]:
        rows = within_days(rows, self.days("time"))
        if self.cleaned_data["person"] is not None:
            rows = rows.filter(by_or_about(self.cleaned_data["person"]))
        return rows.filter(**{name: value for name in EXACT if (value := self.cleaned_data[name])})


class AuditLogDataset(Dataset):
    code = "audit_log"
    title = _("Audit log")
    permission = "audit.export_auditlog"
    filter_form = AuditLogFilters
    takes_candidate = False
    is_listed = False
    action = "exports.audit_log.export"
    sheets_made: ClassVar = (
        Sheet("log", _("Audit log"), AuditLogResource, lambda: AuditLog.objects.order_by("pk"), None),
    )

    def may_export(self, actor: User | None) -> bool:
        """Whoever may read the log and has the permission: nobody who is limited to some candidates."""
        return super().may_export(actor) and (actor is None or may_read_log(actor))
