from django.apps import AppConfig
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class ExportsConfig(AppConfig):
    name = "exports"
    verbose_name = _("Exports")

    def ready(self) -> None:
        from accounts.models import Candidate
        from audit.models import AuditLog
        from bots.models import Bot, BotUser
        from common.admin import register_changelist_tool, register_object_tool
        from exports.datasets.lists import LISTS
        from exports.datasets.moves import MoveDataset
        from exports.datasets.plan_history import PlanHistoryDataset
        from exports.imports.kinds import KINDS
        from exports.vault import checks  # noqa: F401 (registers them)
        from plans.models import Plan, SubscriberMove

        register_changelist_tool(
            BotUser, label=_("Export"), url_name="exports:bot-users", permission="bots.export_botuser"
        )
        register_changelist_tool(
            AuditLog, label=_("Export"), url_name="exports:audit-log", permission="audit.export_auditlog"
        )
        for code, kind in KINDS.items():
            register_changelist_tool(
                kind.model, label=_("Import"), url_name=f"exports:import-{code}", permission=kind.permissions
            )
        for dataset in LISTS:
            register_changelist_tool(
                dataset.sheets_made[0].resource._meta.model,
                label=_("Export"),
                url_name="exports:create",
                permission=dataset.permission,
                query=f"dataset={dataset.code}",
            )
        register_object_tool(
            Candidate,
            label=_("Exports"),
            address_of=lambda candidate: reverse("exports:candidate", args=[candidate.pk]),
            permission="exports.view_dataexportlog",
        )
        register_object_tool(
            Bot,
            label=_("Export the people"),
            address_of=lambda bot: reverse("exports:create", query={"dataset": "bot_users", "filter-bot": bot.slug}),
            permission="bots.export_botuser",
        )
        register_object_tool(
            Plan,
            label=_("Export the history"),
            address_of=lambda plan: reverse("exports:plan-history", args=[plan.pk]),
            permission=PlanHistoryDataset.permission,
        )
        register_object_tool(
            SubscriberMove,
            label=_("Export"),
            address_of=lambda move: reverse("exports:move", args=[move.pk]),
            permission=MoveDataset.permission,
        )
