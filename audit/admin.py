"""Admin pages whose changes are audited, and the audit log's own pages."""

from typing import Any

from django.contrib import admin, messages
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext_lazy as _

from audit.changes import form_changes, formset_changes, is_encrypted
from audit.models import AuditLog
from audit.services import record
from common.admin import JalaliDateRangeFilter, ModelAdmin, ReadOnlyModelAdmin
from common.errors import DomainError


class AuditedModelAdmin(ModelAdmin):
    """An admin that writes an audit row in the transaction of each add, change and delete.

    The actions read `<app>.<model>.add`, `.change` and `.delete`. Details hold the changed fields' names with their
    values before and after; encrypted fields, passwords and what `audit_hidden_fields` names give their names only.
    A bulk delete writes a row for each object with the number deleted together.

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
                self.record_act(request, "delete", obj)
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        with transaction.atomic():
            if self.audit_deletes:
                doomed = list(queryset)
                for obj in doomed:
                    self.record_act(request, "delete", obj, {"deleted_together": len(doomed)})
            super().delete_queryset(request, queryset)


@admin.register(AuditLog)
class AuditLogAdmin(ReadOnlyModelAdmin):
    """The log, to read. Limited staff don't see it: its labels name candidates of everybody's."""

    list_display = ("occurred_at", "action", "actor_label", "object_label", "address")
    list_filter = (JalaliDateRangeFilter.of("occurred_at", _("time")),)
    search_fields = ("=action", "=actor_label", "=object_id", "object_label")

    def has_view_permission(self, request: HttpRequest, obj: AuditLog | None = None) -> bool:
        if getattr(request.user, "is_limited_to_scopes", False):
            return False
        return bool(super().has_view_permission(request, obj))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)
