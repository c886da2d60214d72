"""The form of a dataset's filters, and the kinds of fields in it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.selectors import limit_to_scopes
from bots.admin.bot_user import NONE_TOLD
from bots.models import Bot
from common.admin.date_filter import DayRange
from common.admin.forms import JalaliDateField
from common.jalali import format_local

COMMA = ","
LONGEST_LIST = 2000  # characters
FROM, TO = "_from", "_to"
EITHER = [("", _("either")), ("yes", _("yes")), ("no", _("no"))]


class CommaSelect(forms.SelectMultiple):
    """Several choices, also as one text with commas between them, as a run and an address have them."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        return split_values(super().value_from_datadict(data, files, name))

    def format_value(self, value: Any) -> list[str]:
        return split_values(value)


class ChoicesField(forms.MultipleChoiceField):
    """Any of some choices; none means all."""

    widget = CommaSelect({"size": 5})

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": False, "help_text": _("None: all."), **options})


class ListField(forms.CharField):
    """Any of some values that are typed with commas between them; none means all."""

    widget = forms.TextInput({"dir": "ltr", "class": "vTextField"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": False, "max_length": LONGEST_LIST, **options})

    def clean(self, value: Any) -> list[str]:
        return split_values(super().clean(value))


class DayField(JalaliDateField):
    """An end of a range of days; empty means that the range has no such end."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": False, **options})


class EitherField(forms.ChoiceField):
    """Yes, no, or either."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": False, "choices": EITHER, **options})

    def clean(self, value: Any) -> bool | None:
        return {"yes": True, "no": False}.get(super().clean(value))


class FilterForm(forms.Form):
    """What the rows of a dataset must have in common. A subclass has the fields and says what they mean.

    The bots that can be chosen are those that `actor` may see; all for None, the system.
    """

    def __init__(self, data: Mapping[str, Any] | None = None, *, actor: User | None = None, **options: Any) -> None:
        super().__init__(data, **options)
        self.actor = actor
        if "bot" in self.fields:
            bots = limit_to_scopes(Bot.objects.all(), actor, candidate="candidate") if actor else Bot.objects.all()
            field: Any = self.fields["bot"]
            field.choices = list(bots.order_by("name").values_list("slug", "name"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        for name in list(cleaned):
            first, last = cleaned[name], cleaned.get(f"{name.removesuffix(FROM)}{TO}")
            if name.endswith(FROM) and first and last and first > last:
                self.add_error(name, _("The first day is after the last day."))
        return cleaned

    def condition(self, sheet: str) -> Q:
        """What the rows of the sheet called `sheet` must fulfil; call it on a valid form."""
        return Q()

    def narrowed(self, rows: QuerySet[Any], sheet: str) -> QuerySet[Any]:
        """Those of `rows`, which belong to the sheet called `sheet`, that every filter lets through."""
        return rows.filter(self.condition(sheet))

    def stored(self) -> dict[str, str]:
        """The filters as a run keeps them; those that leave nothing out aren't there. Call it on a valid form."""
        kept = {name: _as_text(value) for name, value in self.cleaned_data.items()}
        return {name: text for name, text in kept.items() if text}

    def in_words(self) -> list[tuple[str, str]]:
        """The label and the value of each filter in the language of now. Call it on a valid form."""
        return [(str(self.fields[name].label), self._value_in_words(name)) for name in self.stored()]

    def days(self, name: str) -> DayRange:
        """The days between the fields `<name>_from` and `<name>_to`, both included."""
        return DayRange(self.cleaned_data[f"{name}{FROM}"], self.cleaned_data[f"{name}{TO}"])

    def any_of(self, paths: Mapping[str, str]) -> Q:
        """That the value at each path is one of those chosen in the field before it; a field without any is left out.

        `-` stands for those who told nothing.
        """
        found = Q()
        for name, path in paths.items():
            if wanted := self.cleaned_data[name]:
                found &= Q(**{f"{path}__in": ["" if value == NONE_TOLD else value for value in wanted]})
        return found

    def _value_in_words(self, name: str) -> str:
        value, choices = self.cleaned_data[name], getattr(self.fields[name], "choices", ())
        words = {code: str(word) for code, word in choices}
        if isinstance(value, dt.date):
            return format_local(value, with_time=False)
        if isinstance(value, bool):
            return gettext("yes") if value else gettext("no")
        values = value if isinstance(value, list) else [value]
        return ", ".join(words.get(code, str(code)) for code in values)


def split_values(value: Any) -> list[str]:
    """The values of a text with commas, or of several such texts."""
    texts: Sequence[Any] = value if isinstance(value, list | tuple) else [value or ""]
    return [part.strip() for text in texts for part in str(text).split(COMMA) if part.strip()]


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dt.date):
        return value.isoformat()
    return COMMA.join(value) if isinstance(value, list) else str(value or "")
