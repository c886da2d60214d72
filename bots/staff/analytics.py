"""What a bot, or all bots of a candidate, had: drawn over time, by city, by source, by who came back."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.admin_scope import staff_user
from accounts.selectors import candidates_visible_to
from bots.analytics.read import Activity, Cohort, People, activity_of, people_of
from bots.analytics.snapshot import OTHERS
from bots.models import Bot, HourCount
from bots.staff.page import page, refuse_without, visible
from common.charts import BarChart, bar_chart
from common.jalali import TEHRAN, format_local
from common.regions import city_name

SPANS_DAYS = (7, 30, 90)
MOST_RANKED = 15
Kind = HourCount.Kind
DAY, HOUR = _("Day"), _("Hour")
BY_DAY = {
    Kind.PERSON: _("New people"),
    Kind.CLICK: _("Clicks"),
    Kind.MESSAGE: _("Messages"),
    Kind.CONTRIBUTION: _("Contributions"),
}
BY_HOUR = {
    Kind.PERSON: _("New people by hour of the day"),
    Kind.CLICK: _("Clicks by hour of the day"),
    Kind.MESSAGE: _("Messages by hour of the day"),
    Kind.CONTRIBUTION: _("Contributions by hour of the day"),
}


@require_safe
def bot_analytics(request: HttpRequest, bot_id: int) -> HttpResponse:
    """The figures of one bot."""
    refuse_without(request, "bots.view_bot")
    bot = get_object_or_404(visible(request, Bot).select_related("candidate"), pk=bot_id)
    return _analytics(request, [bot], {"bot": bot, "candidate": bot.candidate, "name": bot.name})


@require_safe
def candidate_analytics(request: HttpRequest, candidate_id: int) -> HttpResponse:
    """The figures of all bots of a candidate together."""
    refuse_without(request, "bots.view_bot", "accounts.view_candidate")
    candidate = get_object_or_404(candidates_visible_to(staff_user(request)), pk=candidate_id)
    bots = list(Bot.objects.filter(candidate=candidate))
    return _analytics(request, bots, {"bots": bots, "candidate": candidate, "name": candidate.name})


def _analytics(request: HttpRequest, bots: Sequence[Bot], context: dict[str, Any]) -> HttpResponse:
    days = next((span for span in SPANS_DAYS if request.GET.get("days") == str(span)), SPANS_DAYS[1])
    keys = [bot.pk for bot in bots]
    activity = activity_of(keys, last=timezone.now().astimezone(TEHRAN).date(), days=days)
    people = people_of(keys)
    figures = {
        "title": _("Analytics"),
        "days": days,
        "spans": SPANS_DAYS,
        "charts": _charts(activity),
        "people": people,
        "cities": _ranked(people.cities, people, lambda code: city_name(code) if code else str(_("not told"))),
        "sources": _ranked(people.sources, people, _source_name),
        "cohorts": [_row(cohort) for cohort in people.cohorts],
        "weeks": _week_titles(people.cohorts),
    }
    return page(request, "analytics", {**figures, **context})


def _charts(activity: Activity) -> list[BarChart]:
    days = [format_local(day, with_time=False) for day in activity.days]
    growth = activity.growth()
    charts = [bar_chart("growth", _("People"), zip(days, growth, strict=True), axis=DAY, figure=growth[-1])]
    for kind, title in BY_DAY.items():
        charts.append(bar_chart(kind.value, title, zip(days, activity.by_day[kind], strict=True), axis=DAY))
    for kind, title in BY_HOUR.items():
        hours = [(dt.time(hour).strftime("%H:%M"), count) for hour, count in enumerate(activity.by_hour[kind])]
        charts.append(bar_chart(kind.value, title, hours, axis=HOUR))
    return charts


def _ranked(counted: list[tuple[str, int]], people: People, name: Any) -> list[dict[str, Any]]:
    shown = [(name(code), count) for code, count in counted[:MOST_RANKED]]
    rest = sum(count for _code, count in counted[MOST_RANKED:])
    if rest:
        shown.append((str(_("others")), rest))
    return [{"name": name, "count": count, "percent": round(100 * count / people.people)} for name, count in shown]


def _source_name(source: str) -> str:
    return {"": str(_("none")), OTHERS: str(_("others"))}.get(source, source)


def _row(cohort: Cohort) -> dict[str, Any]:
    shares = [round(100 * kept / cohort.people) for kept in cohort.kept]
    return {
        "week": format_local(cohort.week, with_time=False),
        "people": cohort.people,
        "kept": [{"percent": share, "tenth": share // 10} for share in shares],
    }


def _week_titles(cohorts: Sequence[Cohort]) -> list[str]:
    longest = max((len(cohort.kept) for cohort in cohorts), default=0)
    words = [ngettext("after %(count)d week", "after %(count)d weeks", week) for week in range(1, longest)]
    return [str(_("in all")), *(text % {"count": week} for week, text in enumerate(words, 1))]
