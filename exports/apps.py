from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExportsConfig(AppConfig):
    name = "exports"
    verbose_name = _("Exports")

    def ready(self) -> None:
        from audit.models import AuditLog
        from bots.models import BotUser
        from common.admin import register_changelist_tool

        register_changelist_tool(
            BotUser, label=_("Export"), url_name="exports:bot-users", permission="bots.export_botuser"
        )
        register_changelist_tool(
            AuditLog, label=_("Export"), url_name="exports:audit-log", permission="audit.export_auditlog"
        )
