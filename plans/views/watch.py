"""What happened around a plan in its test period, drawn over time."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.admin_scope import staff_user
from common.jalali import TEHRAN, format_local
from plans.models import BetaFeedback, Plan
from plans.watching import Series, watch_plan

SPANS_DAYS = (14, 28)
TITLES = {
    "purchases": _("Purchases"),
    BetaFeedback.Kind.TICKET.value: _("Support tickets"),
    BetaFeedback.Kind.TECHNICAL_PROBLEM.value: _("Technical problems"),
    BetaFeedback.Kind.OPINION.value: _("Opinions"),
}
CHART_HEIGHT = 60


@dataclass(frozen=True)
class Bar:
    """One day of a chart, in the units of its drawing."""

    day: str
    count: int
    x: int
    height: int

    @property
    def y(self) -> int:
        return CHART_HEIGHT - self.height


@require_safe
def watch_page(request: HttpRequest, plan_id: int) -> HttpResponse:
    """Purchases, tickets, problems and opinions of the last two or four weeks."""
    reader = staff_user(request)
    if not reader.has_perms(["plans.view_subscription", "plans.view_betafeedback"]):
        raise PermissionDenied
    plan = get_object_or_404(Plan, pk=plan_id)
    days = SPANS_DAYS[1] if request.GET.get("days") == str(SPANS_DAYS[1]) else SPANS_DAYS[0]
    watch = watch_plan(plan, reader, last=timezone.now().astimezone(TEHRAN).date(), days=days)
    context = {
        **admin.site.each_context(request),
        "opts": Plan._meta,
        "title": _("Test period"),
        "plan": plan,
        "days": days,
        "spans": SPANS_DAYS,
        "charts": [_chart(series, watch.days) for series in watch.series],
        "open_problems": watch.open_problems,
    }
    return TemplateResponse(request, "plans/watch.html", context)


def _chart(series: Series, days: tuple[dt.date, ...]) -> dict[str, Any]:
    highest = max(series.counts, default=0) or 1
    bars = [
        Bar(format_local(day, with_time=False), count, 10 * number, round(CHART_HEIGHT * count / highest))
        for number, (day, count) in enumerate(zip(days, series.counts, strict=True))
    ]
    return {"title": TITLES[series.name], "total": series.total, "bars": bars, "width": 10 * len(bars)}
