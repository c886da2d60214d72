from django import forms
from django.utils.translation import gettext_lazy as _

from common.uploads import UploadField


class FileForm(forms.Form):
    """The file to import."""

    file = UploadField(
        label=_("File"), help_text=_("CSV or .xlsx, of which the first sheet is read. Its first row has the headings.")
    )


class ConfirmForm(forms.Form):
    """Which preview is confirmed, and what it showed."""

    number = forms.UUIDField(widget=forms.HiddenInput)
    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)
