"""The page of system settings."""

from typing import Any

from constance import admin as constance_admin
from constance.forms import ConstanceForm
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _

from audit.admin.trail import log_url
from audit.finding import may_read_log
from electionsite.settings_store import change_system_settings
from electionsite.system_settings import SYSTEM_SETTINGS

constance_admin.Config._meta.verbose_name_plural = _("system settings")
admin.site.unregister([constance_admin.Config])


class SystemSettingsForm(ConstanceForm):  # type: ignore[misc]
    """All settings. What the person left as it was isn't written, so it can't undo a colleague's change."""

    def __init__(self, initial: dict[str, Any], request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(initial, request, **kwargs)
        self.request = request
        for name, setting in SYSTEM_SETTINGS.items():
            self.fields[name].label = setting.label
            self.fields[name].help_text = setting.help_text

    def save(self) -> list[str]:
        values = {name: self.cleaned_data[name] for name in self.changed_data if name in SYSTEM_SETTINGS}
        return change_system_settings(values=values, actor=self.request.user)  # type: ignore[arg-type]


@admin.register(constance_admin.Config)
class SystemSettingsAdmin(constance_admin.ConstanceAdmin):  # type: ignore[misc]
    """django-constance's page in our own looks; its history is the audit log's."""

    change_list_form = SystemSettingsForm

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.changelist_view)
        return [path("", page, name="constance_config_changelist")]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context: dict[str, Any] = {
            "title": _("System settings"),
            "may_change": self.has_change_permission(request),
            "audit_trail_url": log_url(action="electionsite.system_settings.change")
            if may_read_log(request.user)
            else "",
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})  # type: ignore[no-any-return]

    def _log_config_change(self, request: HttpRequest, changed_fields: list[str]) -> None:
        """Nothing: each change is in the audit log by now."""
