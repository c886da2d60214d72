"""What happened around a plan, day by day: purchases, tickets, technical problems, opinions."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate

from accounts.models import User
from accounts.selectors import limit_to_scopes
from common.jalali import TEHRAN
from plans.models import BetaFeedback, Plan

Kind = BetaFeedback.Kind


@dataclass(frozen=True)
class Series:
    """One thing that is watched: how many of it there were on each day, oldest first."""

    name: str
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.counts)


@dataclass(frozen=True)
class Watch:
    """The days, as in Tehran, and what was counted on them; `open_problems` are those nobody has closed."""

    days: tuple[dt.date, ...]
    series: tuple[Series, ...]
    open_problems: int


def watch_plan(plan: Plan, reader: User, *, last: dt.date, days: int) -> Watch:
    """The `days` days up to and with `last`, of the candidates whom `reader` may see."""
    first = last - dt.timedelta(days=days - 1)
    span = tuple(first + dt.timedelta(days=number) for number in range(days))
    bought = limit_to_scopes(plan.purchases.all(), reader, candidate="candidate")
    told = limit_to_scopes(BetaFeedback.objects.filter(plan=plan), reader, candidate="candidate")
    series = [Series("purchases", _by_day(bought, "started_at", span))]
    series += [Series(kind.value, _by_day(told.filter(kind=kind), "told_at", span)) for kind in Kind]
    open_problems = told.filter(kind=Kind.TECHNICAL_PROBLEM, closed_at=None).count()
    return Watch(span, tuple(series), open_problems)


def _by_day(rows: QuerySet[Any], column: str, span: tuple[dt.date, ...]) -> tuple[int, ...]:
    begin = dt.datetime.combine(span[0], dt.time(), tzinfo=TEHRAN)
    end = dt.datetime.combine(span[-1] + dt.timedelta(days=1), dt.time(), tzinfo=TEHRAN)
    within = rows.filter(**{f"{column}__gte": begin, f"{column}__lt": end}).order_by()
    counted = within.annotate(day=TruncDate(column, tzinfo=TEHRAN)).values_list("day").annotate(count=Count("pk"))
    found = dict(counted)
    return tuple(found.get(day, 0) for day in span)
