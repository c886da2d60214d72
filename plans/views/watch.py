"""What happened around a plan in its test period, drawn over time."""

import datetime as dt

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.admin_scope import staff_user
from common.charts import BarChart, bar_chart
from common.jalali import TEHRAN, format_local
from plans.models import BetaFeedback, Plan
from plans.watching import Series, watch_plan

SPANS_DAYS = (14, 21, 28)
TITLES = {
    "purchases": _("Purchases"),
    BetaFeedback.Kind.TICKET.value: _("Support tickets"),
    BetaFeedback.Kind.TECHNICAL_PROBLEM.value: _("Technical problems"),
    BetaFeedback.Kind.OPINION.value: _("Opinions"),
}


@require_safe
def watch_page(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Purchases, tickets, problems and opinions of the last two, three or four weeks."""
    reader = staff_user(request)
    if not reader.has_perms(["plans.view_subscription", "plans.view_betafeedback"]):
        raise PermissionDenied
    plan = get_object_or_404(Plan, pk=plan_id)
    days = next((span for span in SPANS_DAYS if request.GET.get("days") == str(span)), SPANS_DAYS[0])
    watch = watch_plan(plan, reader, last=timezone.now().astimezone(TEHRAN).date(), days=days)
    context = {
        **admin.site.each_context(request),
        "opts": Plan._meta,
        "title": _("Test period"),
        "plan": plan,
        "days": days,
        "spans": SPANS_DAYS,
        "charts": [_chart(series, watch.days, plan) for series in watch.series],
        "open_problems": watch.open_problems,
    }
    return TemplateResponse(request, "plans/watch.html", context)


def _chart(series: Series, days: tuple[dt.date, ...], plan: Plan) -> BarChart:
    names = [format_local(day, with_time=False) for day in days]
    points = zip(names, series.counts, strict=True)
    return bar_chart(series.name, TITLES[series.name], points, axis=_("Day"), url=_list_behind(series, plan))


def _list_behind(series: Series, plan: Plan) -> str:
    """The address of the list that a chart counts."""
    if series.name == "purchases":
        return f"{reverse('admin:plans_subscription_changelist')}?plan__id__exact={plan.pk}"
    return f"{reverse('admin:plans_betafeedback_changelist')}?plan__id__exact={plan.pk}&kind__exact={series.name}"
