from django.apps import AppConfig
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class ExportsConfig(AppConfig):
    name = "exports"
    verbose_name = _("Exports")

    def ready(self) -> None:
        from audit.models import AuditLog
        from bots.models import BotUser
        from common.admin import register_changelist_tool, register_object_tool
        from exports.services import HISTORY_PERMISSION, MOVE_PERMISSION
        from plans.models import Plan, SubscriberMove

        register_changelist_tool(
            BotUser, label=_("Export"), url_name="exports:bot-users", permission="bots.export_botuser"
        )
        register_changelist_tool(
            AuditLog, label=_("Export"), url_name="exports:audit-log", permission="audit.export_auditlog"
        )
        register_object_tool(
            Plan,
            label=_("Export the history"),
            address_of=lambda plan: reverse("exports:plan-history", args=[plan.pk]),
            permission=HISTORY_PERMISSION,
        )
        register_object_tool(
            SubscriberMove,
            label=_("Export"),
            address_of=lambda move: reverse("exports:move", args=[move.pk]),
            permission=MOVE_PERMISSION,
        )
