"""Links to what the audit log holds about an object, a person, a request."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth import get_user_model
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from audit.finding import may_read_log

if TYPE_CHECKING:
    AdminBase = admin.ModelAdmin[Any]
else:
    AdminBase = object


def log_url(**filters: object) -> str:
    """The address of the audit log's list with these filters on."""
    return f"{reverse('admin:audit_auditlog_changelist')}?{urlencode(filters)}"


def trail_url(obj: models.Model) -> str:
    """The address of an object's timeline; that of a member of staff has what they did, too."""
    if isinstance(obj, get_user_model()):
        return log_url(person=obj.pk)
    return log_url(object=f"{obj._meta.label_lower}:{obj.pk}")


class AuditTrail(AdminBase):
    """Mixin: the button to an object's history leads readers of the audit log there; others keep Django's history."""

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        obj = kwargs.get("obj")
        if obj is not None and may_read_log(request.user):
            context["audit_trail_url"] = trail_url(obj)
        return super().render_change_form(request, context, *args, **kwargs)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        obj = self.get_object(request, unquote(object_id)) if may_read_log(request.user) else None
        if obj is None or not self.has_view_or_change_permission(request, obj):
            return super().history_view(request, object_id, extra_context)
        return HttpResponseRedirect(trail_url(obj))
