"""A list filter with two days, from and to, in the reader's calendar."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.admin.views.main import ERROR_FLAG, PAGE_VAR
from django.db import models
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.jalali import TEHRAN, format_local, latin_digits, parse_date, reads_jalali

QUICK_RANGES = ((_("Today"), 1), (_("Past 7 days"), 7), (_("Past 30 days"), 30))


@dataclass(frozen=True)
class DayRange:
    """The days that were typed; None where none was, or it couldn't be read (then `error` says so)."""

    first: dt.date | None = None
    last: dt.date | None = None
    error: str = ""


def read_days(first_text: str, last_text: str) -> DayRange:
    """The range that two typed days mean; in either calendar, any digits, both days included."""
    try:
        first = parse_date(first_text) if first_text.strip() else None
        last = parse_date(last_text) if last_text.strip() else None
    except ValueError:
        return DayRange(error=gettext("Enter days such as 1404/09/01 or 2025-11-22."))
    if first and last and first > last:
        return DayRange(error=gettext("The first day is after the last day."))
    return DayRange(first, last)


def start_of_day(day: dt.date) -> dt.datetime:
    """Midnight in Tehran at the beginning of `day`."""
    return dt.datetime.combine(day, dt.time(), tzinfo=TEHRAN)


def within_days(field: "models.Field[Any, Any]", path: str, days: DayRange) -> models.Q:
    """The condition that `path` lies within `days`, the whole last day (in Tehran) included."""
    is_moment = isinstance(field, models.DateTimeField)
    condition = models.Q()
    if days.first:
        condition &= models.Q(**{f"{path}__gte": start_of_day(days.first) if is_moment else days.first})
    if days.last and is_moment and days.last < dt.date.max:
        condition &= models.Q(**{f"{path}__lt": start_of_day(days.last + dt.timedelta(days=1))})
    elif days.last and not is_moment:
        condition &= models.Q(**{f"{path}__lte": days.last})
    return condition


class JalaliDateRangeFilter(admin.ListFilter):
    """Use `JalaliDateRangeFilter.of("first_seen_at", _("first seen"))` in `list_filter`.

    The days stand in the query string as `<field>__from` and `<field>__to`, as they were typed. Days that can't be
    read show an error and an empty list: an unfiltered one might be taken for the filtered one.
    """

    template = "admin/date_range_filter.html"
    field_name = ""

    @classmethod
    def of(cls, field_name: str, title: Any = "") -> type["JalaliDateRangeFilter"]:
        """A filter by the date or date-time field at the look-up path `field_name`."""
        return type(f"DateRangeOf_{field_name}", (cls,), {"field_name": field_name, "title": title or field_name})

    @classmethod
    def parameter_names(cls) -> list[str]:
        return [f"{cls.field_name}__from", f"{cls.field_name}__to"]

    def __init__(
        self, request: HttpRequest, params: dict[str, list[str]], model: type[models.Model], model_admin: Any
    ) -> None:
        super().__init__(request, params, model, model_admin)
        typed = [params.pop(name, [""])[-1] for name in self.parameter_names()]
        self.first_text, self.last_text = (latin_digits(text.strip()) for text in typed)
        self.field = get_fields_from_path(model, self.field_name)[-1]
        self.days = read_days(self.first_text, self.last_text)
        if self.days.error:
            text = f"{capfirst(str(self.title))}: {self.days.error}"
            messages.error(request, text, fail_silently=True)

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return list(self.parameter_names())

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        if self.days.error:
            return queryset.none()
        return queryset.filter(within_days(self.field, self.field_name, self.days))

    def choices(self, changelist: Any) -> Iterator[dict[str, Any]]:
        """The quick links; the first one clears the filter."""
        cleared = changelist.get_query_string(remove=self.parameter_names())
        typed_any = bool(self.first_text or self.last_text)
        yield {"selected": not typed_any, "query_string": cleared, "display": _("Any date")}
        today = timezone.now().astimezone(TEHRAN).date()
        for label, day_count in QUICK_RANGES:
            days = DayRange(today - dt.timedelta(days=day_count - 1), today)
            texts = (format_local(days.first), format_local(days.last))
            query = changelist.get_query_string(dict(zip(self.parameter_names(), texts, strict=True)))
            yield {"selected": self.days == days, "query_string": query, "display": label}

    def inputs(self) -> list[dict[str, str]]:
        """What the template draws: a text input per end of the range."""
        labels = (gettext("From"), gettext("To"))
        values = (self.first_text, self.last_text)
        return [
            {"name": name, "label": label, "value": value}
            for name, label, value in zip(self.parameter_names(), labels, values, strict=True)
        ]

    def other_parameters(self) -> list[tuple[str, str]]:
        """The list's other filters, search and order, which stay; its page doesn't."""
        left_out = {*self.parameter_names(), PAGE_VAR, ERROR_FLAG}
        return [(name, value) for name, values in self.request.GET.lists() for value in values if name not in left_out]

    @staticmethod
    def uses_picker() -> bool:
        return reads_jalali()
