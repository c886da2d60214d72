from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

FORMATS = [("xlsx", _("Excel workbook (XLSX)")), ("csv", _("Comma-separated values (CSV)"))]


class ExportForm(forms.Form):
    """How the rows are to be exported."""

    format = forms.ChoiceField(label=_("Format"), choices=FORMATS, initial="xlsx", widget=forms.RadioSelect)


class BotUserExportForm(ExportForm):
    """How the people are to be exported. Staff who may not see phones aren't asked about them."""

    with_phones = forms.BooleanField(label=_("With phone numbers"), required=False)
    purpose = forms.CharField(
        label=_("Purpose"),
        max_length=200,
        help_text=_("What the personal data is for. It goes to the audit log."),
        error_messages={"required": _("Say what the personal data is needed for.")},
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )

    def __init__(self, *args: Any, may_see_phones: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hides_phones = not may_see_phones
        if self.hides_phones:
            del self.fields["with_phones"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        cleaned.setdefault("with_phones", False)
        return cleaned
