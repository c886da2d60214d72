"""A list filter with so many choices that they fill a drop-down list."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ERROR_FLAG, PAGE_VAR
from django.utils.translation import gettext as _


class DropdownFilter(admin.SimpleListFilter):
    """Django's SimpleListFilter, drawn as a drop-down list; `group_of` may part its choices."""

    template = "admin/dropdown_filter.html"

    def group_of(self, value: str) -> str:
        """The heading under which a choice stands; choices of one group must come together."""
        return ""

    def groups(self) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        """What the template draws: headings with their choices, the first of which clears the filter."""
        yield "", [{"value": "", "label": _("All"), "selected": self.value() is None}]
        for heading, choices in groupby(self.lookup_choices, key=lambda choice: self.group_of(str(choice[0]))):
            yield (
                heading,
                [{"value": value, "label": label, "selected": self.value() == str(value)} for value, label in choices],
            )

    def value(self) -> str | None:
        """The chosen value; an empty one, which the form sends for "All", is none."""
        return super().value() or None

    def other_parameters(self) -> list[tuple[str, str]]:
        """The list's other filters, search and order, which stay; its page doesn't."""
        left_out = {self.parameter_name, PAGE_VAR, ERROR_FLAG}
        return [(name, value) for name, values in self.request.GET.lists() for value in values if name not in left_out]
