from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.admin_scope import ScopedModelAdmin
from common.admin import ReadOnlyModelAdmin, latin
from common.admin.latin import NOTHING
from plans.models import Subscription


class RunningFilter(admin.SimpleListFilter):
    title = _("whether it runs")
    parameter_name = "running"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", gettext("Running")), ("no", gettext("Ended"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> QuerySet[Subscription]:
        if self.value() in ("yes", "no"):
            return queryset.filter(ended_at__isnull=self.value() == "yes")
        return queryset


@admin.register(Subscription)
class SubscriptionAdmin(ScopedModelAdmin, ReadOnlyModelAdmin):
    """Who bought what, for how much and with which discount; services sell and end."""

    candidate_path = "candidate"
    list_display = ("candidate", "plan", "price_shown", "campaign_code", "is_of_tester", "started_at", "ended_at")
    list_filter = ("plan", RunningFilter, "is_of_tester")
    list_select_related = ("candidate", "plan", "campaign_use__campaign")
    search_fields = ("candidate__code", "candidate__name")
    fields = (
        "candidate", "plan", "bought_plan", "price_shown", "campaign_code", "is_of_tester", "started_at", "ended_at",
    )  # fmt: skip

    @admin.display(description=_("price paid in rials"), ordering="price_rials")
    def price_shown(self, subscription: Subscription) -> str:
        return number_format(subscription.price_rials, force_grouping=True)

    @admin.display(description=_("discount campaign"))
    def campaign_code(self, subscription: Subscription) -> str:
        use = subscription.campaign_use
        return latin(use.campaign.code) if use else NOTHING
