from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from audit.admin import AuditedModelAdmin
from common.admin import latin
from plans.forms import PlanForm
from plans.models import Plan, Stage, Subscription

RELEASE_FIELDS = ("stage", "release_scheduled_at", "release_notes", "enabled_at", "enabled_by")


@admin.register(Plan)
class PlanAdmin(AuditedModelAdmin):
    """Names, price and entitlements. Whether and when a plan is on sale is for the release services only."""

    form = PlanForm
    list_display = ("name_shown", "code_shown", "price_shown", "stage", "release_scheduled_at")
    list_filter = ("stage",)
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

    def delete_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """A plan that somebody has bought isn't deleted: the page says so, and leads to what can be done."""
        plan = self.get_object(request, unquote(object_id))
        if plan is not None and self.has_delete_permission(request, plan):
            count = Subscription.objects.filter(plan=plan).count()
            if count:
                words = ngettext(
                    "One subscription names this plan, so it can't be deleted. Retire it instead.",
                    "%(count)d subscriptions name this plan, so it can't be deleted. Retire it instead.",
                    count,
                )
                self.message_user(request, words % {"count": count}, messages.ERROR)
                return redirect("plans:retire" if plan.stage != Stage.RETIRED else "plans:history", plan_id=plan.pk)
        return super().delete_view(request, object_id, *args, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Plan | None = None) -> tuple[Any, ...]:
        """The code stays as it was made: subscriptions, history and the public list name it."""
        return (*self.readonly_fields, "code") if obj else tuple(self.readonly_fields)
