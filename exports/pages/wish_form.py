"""The form in which staff say what they want exported."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django import forms
from django.conf import settings
from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import Candidate, User
from accounts.selectors import candidates_visible_to
from exports.datasets import Dataset, Wish, check_wish
from exports.errors import ExportRefusedError

FILTER_PREFIX = "filter"
FORMAT_NAMES = {
    "xlsx": _("Excel workbook (XLSX)"),
    "csv": _("Comma-separated values (CSV)"),
    "jsonl": _("JSON Lines, for programs"),
    "parquet": _("Parquet, for analysis"),
    "zip": _("ZIP archive"),
}
LANGUAGE_NAMES = {"fa": _("Persian"), "en": _("English")}
FIELDS_OF_REFUSALS = {
    "purpose-missing": "purpose",
    "unknown-column": "columns",
    "unknown-format": "format",
    "candidate-missing": "candidate",
}
LONGEST_PURPOSE = 200
STAND_IN = "-"  # so that a wish can be judged before its purpose is asked for


@dataclass(frozen=True)
class ColumnBox:
    """A check box of the form for one column."""

    name: str
    heading: str
    is_personal: bool
    is_checked: bool


class PurposeForm(forms.Form):
    """What personal data is needed for."""

    purpose = forms.CharField(
        label=_("Purpose"),
        max_length=LONGEST_PURPOSE,
        help_text=_("The file holds personal data: say what it is needed for. It goes to the audit log."),
        widget=forms.TextInput({"class": "vTextField"}),
    )


class WishForm(forms.Form):
    """A dataset's filters, columns, format and language; `filters` is the dataset's own form within it."""

    candidate = forms.ModelChoiceField(Candidate.objects.none(), label=_("Candidate"), required=False)
    columns = forms.MultipleChoiceField(label=_("Columns"), required=False, widget=forms.CheckboxSelectMultiple)
    format = forms.ChoiceField(label=_("Format"), widget=forms.RadioSelect)
    language = forms.ChoiceField(label=_("Language of the headings"), widget=forms.RadioSelect)

    def __init__(
        self,
        data: MultiValueDict[str, Any] | None = None,
        *,
        dataset: Dataset,
        user: User,
        initial: Mapping[str, Any] | None = None,
        initial_filters: Mapping[str, Any] | None = None,
    ) -> None:
        language = get_language() or settings.LANGUAGE_CODE
        super().__init__(data, initial={"format": dataset.formats[0], "language": language, **(initial or {})})
        self.dataset, self.user = dataset, user
        self.filters = dataset.filter_form(data, prefix=FILTER_PREFIX, actor=user, initial=initial_filters or {})
        self.known_columns = dataset.columns(user)
        fields: dict[str, Any] = self.fields
        if dataset.takes_candidate:
            fields["candidate"].queryset = candidates_visible_to(user).order_by("name")
            fields["candidate"].required = dataset.needs_candidate
            fields["candidate"].empty_label = _("choose one") if dataset.needs_candidate else _("all")
        else:
            del fields["candidate"]
        fields["format"].choices = [(code, FORMAT_NAMES.get(code, code)) for code in dataset.formats]
        fields["language"].choices = [(code, LANGUAGE_NAMES[code]) for code, _name in settings.LANGUAGES]
        fields["columns"].choices = [(name, heading) for name, heading, _is_personal in self.known_columns]

    @property
    def media(self) -> forms.Media:
        return super().media + self.filters.media

    def column_boxes(self) -> list[ColumnBox]:
        """A box for each column; at first those without personal data are ticked."""
        ticked = self["columns"].value()
        return [
            ColumnBox(name, str(heading), is_personal, name in ticked if ticked else not is_personal)
            for name, heading, is_personal in self.known_columns
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.known_columns and "columns" not in self.errors and not cleaned.get("columns"):
            self.add_error("columns", _("Choose at least one column."))
        if not self.filters.is_valid():
            self.add_error(None, _("Please correct the filters."))
        if not self.errors:
            self._check(cleaned)
        return cleaned

    def wish(self, *, purpose: str = "") -> Wish:
        """What was asked for; call it on a valid form."""
        return self._wish_of(self.cleaned_data, purpose)

    def _check(self, cleaned: dict[str, Any]) -> None:
        try:
            check_wish(self._wish_of(cleaned, STAND_IN))
        except ExportRefusedError as error:
            field = FIELDS_OF_REFUSALS.get(error.code)
            self.add_error(field if field in self.fields else None, str(error))

    def _wish_of(self, cleaned: dict[str, Any], purpose: str) -> Wish:
        return Wish(
            dataset=self.dataset.code,
            candidate=cleaned.get("candidate"),
            filters=self.filters.stored(),
            columns=tuple(cleaned["columns"]),
            format=cleaned["format"],
            language=cleaned["language"],
            purpose=purpose,
            actor=self.user,
        )


def initial_from_address(query: Mapping[str, Any]) -> dict[str, Any]:
    """What an address such as `?candidate=3&filter-bot=5` fills in before anybody has typed."""
    fields = {name: query[name] for name in ("candidate", "format", "language") if query.get(name)}
    prefix = f"{FILTER_PREFIX}-"
    filters = {name.removeprefix(prefix): value for name, value in query.items() if name.startswith(prefix)}
    return {"initial": fields, "initial_filters": filters}


def without_purpose(wish: Wish) -> Wish:
    """The wish as it can be judged and counted before its purpose is asked for."""
    return replace(wish, purpose=wish.purpose or STAND_IN)
