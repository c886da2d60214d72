from django.apps import AppConfig
from django.urls import reverse
from django.utils.translation import gettext_lazy as _


class PlansConfig(AppConfig):
    name = "plans"
    verbose_name = _("Plans")

    def ready(self) -> None:
        from accounts.models import Candidate
        from common.admin import register_changelist_tool, register_object_tool
        from plans.models import Plan, Subscription
        from plans.services.subscriptions import END_PERMISSION, SELL_PERMISSION

        register_changelist_tool(
            Plan, label=_("Release manager"), url_name="plans:release-manager", permission="plans.view_plan"
        )
        register_changelist_tool(
            Subscription,
            label=_("Sell a plan"),
            url_name="plans:sell",
            permission=SELL_PERMISSION,
            icon_class="addlink",
        )
        register_object_tool(
            Candidate,
            label=_("Sell a plan"),
            address_of=lambda candidate: f"{reverse('plans:sell')}?candidate={candidate.pk}",
            permission=SELL_PERMISSION,
        )
        register_object_tool(
            Subscription,
            label=_("End the subscription"),
            address_of=lambda subscription: (
                None if subscription.ended_at else reverse("plans:end-subscription", args=[subscription.pk])
            ),
            permission=END_PERMISSION,
        )
