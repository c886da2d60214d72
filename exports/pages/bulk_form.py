"""The form for several datasets of several candidates at once."""

from itertools import product
from typing import Any

from django import forms
from django.conf import settings
from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Candidate, User
from accounts.selectors import candidates_visible_to
from exports.datasets import Dataset, Wish, check_wish
from exports.errors import ExportRefusedError
from exports.pages.wish_form import FORMAT_NAMES, LANGUAGE_NAMES, STAND_IN
from exports.services.runs import MOST_FILES

FORMATS = ("xlsx", "csv")


class BulkForm(forms.Form):
    """A file for each chosen dataset of each chosen candidate, all in one ZIP."""

    candidates = forms.ModelMultipleChoiceField(
        Candidate.objects.none(), label=_("Candidates"), widget=forms.CheckboxSelectMultiple
    )
    datasets = forms.MultipleChoiceField(label=_("What of each"), widget=forms.CheckboxSelectMultiple)
    with_personal_data = forms.BooleanField(
        label=_("With personal data"),
        required=False,
        help_text=_("Names, phone numbers and the like, where your roles let you see them. It needs a purpose."),
    )
    format = forms.ChoiceField(label=_("Format of the files"), widget=forms.RadioSelect, initial=FORMATS[0])
    language = forms.ChoiceField(label=_("Language of the headings"), widget=forms.RadioSelect)

    def __init__(
        self, data: MultiValueDict[str, Any] | None = None, *, datasets: list[Dataset], user: User, **options: Any
    ) -> None:
        super().__init__(data, initial={"language": get_language() or settings.LANGUAGE_CODE}, **options)
        self.user = user
        self.offered = {
            dataset.code: dataset
            for dataset in datasets
            if dataset.takes_candidate and dataset.is_for_each and set(FORMATS) <= set(dataset.formats)
        }
        fields: dict[str, Any] = self.fields
        fields["candidates"].queryset = candidates_visible_to(user).order_by("name")
        fields["datasets"].choices = [(code, dataset.title) for code, dataset in self.offered.items()]
        fields["format"].choices = [(code, FORMAT_NAMES[code]) for code in FORMATS]
        fields["language"].choices = [(code, LANGUAGE_NAMES[code]) for code, _name in settings.LANGUAGES]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        files = len(cleaned["candidates"]) * len(cleaned["datasets"])
        if files > MOST_FILES:
            words = ngettext("At most %(most)d file at once.", "At most %(most)d files at once.", MOST_FILES)
            self.add_error(None, words % {"most": MOST_FILES})
            return cleaned
        try:
            for wish in self.wishes(purpose=STAND_IN):
                check_wish(wish)
        except ExportRefusedError as error:
            self.add_error(None, str(error))
        return cleaned

    def wishes(self, *, purpose: str = "") -> list[Wish]:
        """A wish for each file."""
        chosen = self.cleaned_data
        return [
            Wish(
                dataset=code,
                candidate=candidate,
                filters={},
                columns=self._columns(self.offered[code]),
                format=chosen["format"],
                language=chosen["language"],
                purpose=purpose,
                actor=self.user,
            )
            for candidate, code in product(chosen["candidates"], chosen["datasets"])
        ]

    def _columns(self, dataset: Dataset) -> tuple[str, ...]:
        if self.cleaned_data["with_personal_data"]:
            return ()
        return tuple(name for name, _heading, is_personal in dataset.columns(self.user) if not is_personal)
