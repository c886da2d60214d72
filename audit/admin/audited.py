"""Admin pages whose changes are audited."""

from typing import Any

from django.contrib import messages
from django.contrib.admin.models import LogEntry
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from audit.admin.reads import SensitiveReadsMixin
from audit.changes import form_changes, formset_changes, is_encrypted, object_values
from audit.services import record
from common.admin import ModelAdmin
from common.errors import DomainError


class AuditedModelAdmin(SensitiveReadsMixin, ModelAdmin):
    """An admin that writes an audit row in the transaction of each add, change and delete.

    The actions read `<app>.<model>.add`, `.change` and `.delete`. Details hold the changed fields' names with their
    values before and after, for a deletion those that were lost; encrypted fields, passwords and what
    `audit_hidden_fields` names give their names only. A bulk delete writes a row for each object with the number
    deleted together.

    An admin whose `save_model` or `delete_model` calls a service that records for itself sets `audit_saves` or
    `audit_deletes` to False.
    """

    audit_hidden_fields: tuple[str, ...] = ()
    audit_saves = True
    audit_deletes = True

    def record_act(
        self, request: HttpRequest, verb: str, target: models.Model, details: dict[str, Any] | None = None
    ) -> None:
        """Write the audit row `<app>.<model>.<verb>` for the person of `request`; a transaction must be open."""
        record(
            action=f"{target._meta.app_label}.{target._meta.model_name}.{verb}",
            actor=request.user,  # type: ignore[arg-type]  # admin pages have no anonymous users
            target=target,
            details=details,
        )

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Django's; a service's DomainError is told after the rollback, on the page it came from."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except DomainError as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        if any(field.name == lookup.split("__")[0] and is_encrypted(field) for field in self.opts.fields):
            return False
        return bool(super().lookup_allowed(lookup, value, request))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save inlines and many-to-many fields; the object itself is saved by now, so this is where to record."""
        with transaction.atomic():
            super().save_related(request, form, formsets, change)
            if not self.audit_saves:
                return
            details = form_changes(form, hidden=self.audit_hidden_fields)
            related = formset_changes(formsets)
            if related:
                details["related"] = related
            if details["changed"] or related or not change:
                self.record_act(request, "change" if change else "add", form.instance, details)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        with transaction.atomic():
            if self.audit_deletes:
                self.record_act(request, "delete", obj, self._lost_values(obj))
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        with transaction.atomic():
            if self.audit_deletes:
                doomed = list(queryset)
                for obj in doomed:
                    details = {**self._lost_values(obj), "deleted_together": len(doomed)}
                    self.record_act(request, "delete", obj, details)
            super().delete_queryset(request, queryset)

    def log_deletions(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> list[LogEntry]:
        """No entries of Django's own: they would be written before the transaction of a bulk delete, and stay when
        it fails. Nobody could see them either, as the objects' pages are gone."""
        return []

    def _lost_values(self, obj: models.Model) -> dict[str, Any]:
        return {"before": object_values(obj, hidden=self.audit_hidden_fields)}
