from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlansConfig(AppConfig):
    name = "plans"
    verbose_name = _("Plans")

    def ready(self) -> None:
        from common.admin import register_changelist_tool
        from plans.models import Plan

        register_changelist_tool(
            Plan, label=_("Release manager"), url_name="plans:release-manager", permission="plans.view_plan"
        )
