"""Columns and read-only fields that show a model's dates in the reader's calendar."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from django.contrib.admin.utils import NotRelationField, get_fields_from_path
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.html import format_html

from common.admin.latin import NOTHING
from common.jalali import format_local

Column = Callable[[models.Model], str]


def show_moment(moment: dt.datetime | dt.date | None) -> str:
    """A moment as a `<time>` element in the reader's calendar and Tehran's time; empty for None."""
    if moment is None:
        return ""
    return format_html('<time datetime="{}">{}</time>', moment.isoformat(), format_local(moment))


def with_local_dates(model: type[models.Model], names: Iterable[Any]) -> list[Any]:
    """`names` with those of date fields replaced by columns that show them in the reader's calendar.

    Rows of several names in one line (tuples, as fieldsets have them) are replaced inside.
    """
    return [_local(model, name) for name in names]


def in_fieldsets(model: type[models.Model], fieldsets: Sequence[Any], readonly: Iterable[Any]) -> list[Any]:
    """Fieldsets in which the dates among `readonly` show in the reader's calendar."""
    chosen = set(readonly)

    def replace(name: Any) -> Any:
        if isinstance(name, (list, tuple)):
            return [replace(part) for part in name]
        return _local(model, name) if name in chosen else name

    return [(title, {**options, "fields": replace(options["fields"])}) for title, options in fieldsets]


def _local(model: type[models.Model], name: Any) -> Any:
    if isinstance(name, str) and _is_date(model, name):
        return _column(model, name)
    return name


def _is_date(model: type[models.Model], name: str) -> bool:
    try:
        return isinstance(get_fields_from_path(model, name)[-1], models.DateField)
    except (FieldDoesNotExist, NotRelationField):
        return False


@cache  # one object per field: the admin compares columns by identity
def _column(model: type[models.Model], path: str) -> Column:
    def column(row: models.Model) -> str:
        value: Any = row
        for part in path.split("__"):
            value = getattr(value, part, None)
        return show_moment(value) or NOTHING

    column.__name__ = path
    column.short_description = get_fields_from_path(model, path)[-1].verbose_name  # type: ignore[attr-defined]
    column.admin_order_field = path  # type: ignore[attr-defined]
    return column
