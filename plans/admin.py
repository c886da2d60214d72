from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

from audit.admin import AuditedModelAdmin
from common.admin import latin
from plans.forms import PlanForm
from plans.models import Plan

RELEASE_FIELDS = ("is_available_for_purchase", "release_scheduled_at", "release_notes", "enabled_at", "enabled_by")


@admin.register(Plan)
class PlanAdmin(AuditedModelAdmin):
    """Names, price and entitlements. Whether and when a plan is on sale is for the release services only."""

    form = PlanForm
    list_display = ("name_shown", "code_shown", "price_shown", "is_available_for_purchase", "release_scheduled_at")
    list_filter = ("is_available_for_purchase",)
    search_fields = ("code", "name_fa", "name_en")
    readonly_fields = RELEASE_FIELDS
    fieldsets = (
        (None, {"fields": ("code", "name_fa", "name_en", "price_rials", "entitlements")}),
        (_("Release"), {"fields": RELEASE_FIELDS}),
    )

    @admin.display(description=_("name"), ordering="name_fa")
    def name_shown(self, plan: Plan) -> str:
        return plan.name

    @admin.display(description=_("code"), ordering="code")
    def code_shown(self, plan: Plan) -> str:
        return latin(plan.code)

    @admin.display(description=_("price in rials"), ordering="price_rials", empty_value="–")
    def price_shown(self, plan: Plan) -> str | None:
        return None if plan.price_rials is None else number_format(plan.price_rials, force_grouping=True)

    def get_readonly_fields(self, request: HttpRequest, obj: Plan | None = None) -> tuple[Any, ...]:
        """The code stays as it was made: subscriptions, history and the public list name it."""
        return (*self.readonly_fields, "code") if obj else tuple(self.readonly_fields)
