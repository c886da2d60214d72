"""The figures of some bots as tables, for a file."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _

from bots.analytics.read import Activity, Cohort, People, activity_of, people_of
from bots.analytics.snapshot import OTHERS
from bots.models import HourCount
from common.jalali import format_jalali
from common.regions import city_name
from exports.writers.base import CellType, SheetColumn

Kind = HourCount.Kind
Row = tuple[str | int | dt.date | None, ...]


class Chart(StrEnum):
    """How a table is drawn: the first column is the axis."""

    LINES = "line"
    COLUMNS = "column"
    BARS = "bar"


@dataclass(frozen=True)
class FigureTable:
    """A table of figures; `drawn` are the numbers of the columns that its chart shows."""

    title: str
    columns: tuple[SheetColumn, ...]
    rows: list[Row]
    chart: Chart
    drawn: tuple[int, ...]


def figure_tables(bots: Sequence[int], *, last: dt.date, days: int) -> list[FigureTable]:
    """What the bots with these numbers had in the days up to and with `last`, in the language of now."""
    activity, people = activity_of(bots, last=last, days=days), people_of(bots)
    return [
        _by_day(activity),
        _growth(activity),
        _by_hour(activity),
        _ranked(_("Cities"), _("City"), [(_city(code), count) for code, count in people.cities], people),
        _ranked(_("Sources"), _("Source"), [(_source(code), count) for code, count in people.sources], people),
        _retention(people.cohorts),
    ]


def _by_day(activity: Activity) -> FigureTable:
    rows: list[Row] = [
        (format_jalali(day), day, *(activity.by_day[kind][number] for kind in Kind))
        for number, day in enumerate(activity.days)
    ]
    return FigureTable(_("By day"), (*_day_columns(), *_kind_columns()), rows, Chart.LINES, (2, 3, 4, 5))


def _growth(activity: Activity) -> FigureTable:
    rows: list[Row] = [
        (format_jalali(day), day, new, total)
        for day, new, total in zip(activity.days, activity.by_day[Kind.PERSON], activity.growth(), strict=True)
    ]
    columns = (*_day_columns(), _number(_("New people")), _number(_("People")))
    return FigureTable(_("Growth"), columns, rows, Chart.LINES, (3,))


def _by_hour(activity: Activity) -> FigureTable:
    rows: list[Row] = [(f"{hour:02}:00", *(activity.by_hour[kind][hour] for kind in Kind)) for hour in range(24)]
    return FigureTable(_("By hour"), (SheetColumn(_("Hour")), *_kind_columns()), rows, Chart.COLUMNS, (1, 2, 3, 4))


def _ranked(title: str, heading: str, counted: list[tuple[str, int]], people: People) -> FigureTable:
    rows: list[Row] = [(name, count, round(100 * count / people.people)) for name, count in counted]
    columns = (SheetColumn(heading, 22), _number(_("People")), _number(_("Per cent")))
    return FigureTable(title, columns, rows, Chart.BARS, (1,))


def _retention(cohorts: Sequence[Cohort]) -> FigureTable:
    """How many of those who came in a week were still there so many weeks later, or after."""
    longest = max((len(cohort.kept) for cohort in cohorts), default=1)
    later = [_number(_("After weeks: %(count)d") % {"count": week}) for week in range(1, longest)]
    columns = (*_day_columns(_("Week from (Jalali)"), _("Week from (Gregorian)")), _number(_("People")), *later)
    rows: list[Row] = [
        (format_jalali(cohort.week), cohort.week, *cohort.kept, *([None] * (longest - len(cohort.kept))))
        for cohort in cohorts
    ]
    return FigureTable(_("Who came back"), columns, rows, Chart.COLUMNS, tuple(range(2, 2 + longest)))


def _day_columns(jalali: str = "", gregorian: str = "") -> tuple[SheetColumn, SheetColumn]:
    return (
        SheetColumn(jalali or _("Day (Jalali)"), 14),
        SheetColumn(gregorian or _("Day (Gregorian)"), 14, CellType.DAY),
    )


def _kind_columns() -> tuple[SheetColumn, ...]:
    return tuple(_number(heading) for heading in (_("New people"), _("Clicks"), _("Messages"), _("Contributions")))


def _number(heading: str) -> SheetColumn:
    return SheetColumn(heading, 14, CellType.WHOLE)


def _city(code: str) -> str:
    return city_name(code) if code else _("not told")


def _source(code: str) -> str:
    return {"": _("none"), OTHERS: _("others")}.get(code, code)
