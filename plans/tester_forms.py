"""What staff fill in to change who tests plans."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from accounts.models import Candidate, User
from accounts.selectors import candidates_visible_to
from common.admin.autocomplete import TolerantAutocompleteSelect
from common.uploads import UploadField, UploadRefused
from plans.candidate_list import (
    FoundCandidates,
    Line,
    describe_problems,
    find_candidates,
    lines_of_file,
    lines_of_text,
)
from plans.models import BetaTester, Plan
from plans.services.testers import LONGEST_TEXT
from plans.testers import OPEN_STAGES

MOST_AT_ONCE = 1000
SOURCES = ("candidate", "listed", "file")
TOO_MANY = ngettext_lazy("This list has more than %(count)d line.", "This list has more than %(count)d lines.", "count")


class PlanChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A plan by its name and stage."""

    def label_from_instance(self, plan: Plan) -> str:
        return f"{plan.name} ({plan.get_stage_display()})"


class AddTestersForm(forms.Form):
    """One candidate, or a list of them, pasted or in a file.

    A list is valid when at least one of its lines names a candidate; the others are told by `problems()`.
    """

    plan = PlanChoiceField(label=_("Plan"), queryset=Plan.objects.filter(stage__in=OPEN_STAGES))
    candidate = forms.ModelChoiceField(label=_("One candidate"), queryset=Candidate.objects.none(), required=False)
    listed = forms.CharField(
        label=_("or a list"),
        required=False,
        max_length=200_000,
        widget=forms.Textarea({"rows": 8, "cols": 60, "dir": "auto"}),
        help_text=_("Codes or names, one a line."),
    )
    file = UploadField(
        label=_("or a file"),
        required=False,
        help_text=_("CSV or .xlsx. The column headed “code” or “کد” is read; without such a heading, the first."),
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.TextInput({"class": "vTextField", "dir": "auto"}),
        help_text=_("Why these, for example. It stands beside each of them."),
    )

    def __init__(self, *args: Any, reader: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._visible = candidates_visible_to(reader)
        choices: Any = self.fields["candidate"]
        choices.queryset = self._visible
        choices.widget = TolerantAutocompleteSelect(BetaTester._meta.get_field("candidate"), admin.site)
        choices.widget.choices = choices.choices

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        given = [name for name in SOURCES if cleaned.get(name)]
        if len(given) == 1:
            self._find(given[0], cleaned[given[0]])
        elif not self.errors:
            raise forms.ValidationError(_("Choose one candidate, or paste a list, or send a file: one of the three."))
        return cleaned

    def chosen(self) -> list[Candidate]:
        """The candidates, once the form is valid."""
        return self._found.candidates

    def problems(self) -> list[str]:
        """Which lines of the list name nobody, or several, and why; once the form is valid."""
        return describe_problems(self._found)

    def is_list(self) -> bool:
        """Whether the candidates came as a list, once the form is valid."""
        return not self.cleaned_data["candidate"]

    def _find(self, name: str, value: Any) -> None:
        if name == "candidate":
            self._found = FoundCandidates([value])
            return
        try:
            lines = lines_of_text(value) if name == "listed" else lines_of_file(value)
        except UploadRefused as error:
            self.add_error(name, str(error))
        else:
            self._find_in_list(name, lines)

    def _find_in_list(self, name: str, lines: list[Line]) -> None:
        if len(lines) > MOST_AT_ONCE:
            self.add_error(name, TOO_MANY % {"count": MOST_AT_ONCE})
            return
        self._found = find_candidates(lines, self._visible)
        if not self._found.candidates:
            self.add_error(name, [_("This list names nobody."), *self.problems()])


class RemoveTesterForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=LONGEST_TEXT,
        widget=forms.TextInput({"class": "vTextField", "dir": "auto"}),
        help_text=_("It stands in the list of testers and in the audit log."),
    )
