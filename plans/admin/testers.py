from typing import Any

from django.contrib import admin
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin_scope import ScopedModelAdmin
from common.admin import ReadOnlyModelAdmin, latin, register_changelist_tool
from common.admin.latin import NOTHING
from plans.models import BetaTester, Plan, Subscription
from plans.services.testers import ADD_PERMISSION, REMOVE_PERMISSION


class PresenceFilter(admin.SimpleListFilter):
    title = gettext_lazy("presence")
    parameter_name = "present"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", _("Testing now")), ("no", _("Left"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[BetaTester]) -> QuerySet[BetaTester]:
        if self.value() in ("yes", "no"):
            return queryset.filter(left_at__isnull=self.value() == "yes")
        return queryset


@admin.register(BetaTester)
class BetaTesterAdmin(ScopedModelAdmin, ReadOnlyModelAdmin):
    """Who tests which plan, and who did; services add and remove. Above the list, how many test each plan."""

    candidate_path = "candidate"
    list_display = (
        "candidate", "code_shown", "plan", "entered_at", "left_at", "exit_reason", "note", "has_bought", "removal",
    )  # fmt: skip
    list_filter = ("plan", PresenceFilter)
    list_select_related = ("candidate", "plan")
    search_fields = ("candidate__code", "candidate__name", "note")

    def get_queryset(self, request: HttpRequest) -> QuerySet[BetaTester]:
        bought = Subscription.objects.filter(plan=OuterRef("plan"), candidate=OuterRef("candidate"))
        testers: QuerySet[BetaTester] = super().get_queryset(request)
        return testers.annotate(bought=Exists(bought))

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        may_remove = request.user.has_perm(REMOVE_PERMISSION)
        return tuple(name for name in self.list_display if may_remove or name != "removal")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"title": _("Beta testers"), "cohorts": self._cohorts(request)}
        return super().changelist_view(request, {**context, **(extra_context or {})})

    @admin.display(description=gettext_lazy("code"), ordering="candidate__code")
    def code_shown(self, tester: BetaTester) -> str:
        return latin(tester.candidate.code)

    @admin.display(description=gettext_lazy("has bought it"), boolean=True, ordering="bought")
    def has_bought(self, tester: BetaTester) -> bool:
        return bool(tester.bought)  # type: ignore[attr-defined]  # get_queryset annotates it

    @admin.display(description=gettext_lazy("Remove"))
    def removal(self, tester: BetaTester) -> str:
        if tester.left_at:
            return NOTHING
        return format_html('<a href="{}">{}</a>', reverse("beta-testers:remove", args=[tester.pk]), _("Remove"))

    def _cohorts(self, request: HttpRequest) -> list[dict[str, Any]]:
        present = super().get_queryset(request).filter(left_at=None).order_by()
        sizes = dict(present.values_list("plan").annotate(Count("pk")))
        plans = Plan.objects.filter(pk__in=sizes)
        return [{"plan": plan, "size": sizes[plan.pk]} for plan in plans]


register_changelist_tool(
    BetaTester,
    label=gettext_lazy("Add beta testers"),
    url_name="beta-testers:add",
    permission=ADD_PERMISSION,
    icon_class="addlink",
)
