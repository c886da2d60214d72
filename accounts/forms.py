"""Forms of the second-factor pages."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.services.passkeys import LONGEST_NAME


class CodeInput(forms.TextInput):
    """An input for a code; one that was refused isn't sent back."""

    def __init__(self, **attributes: Any) -> None:
        shared = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false", "dir": "ltr"}
        super().__init__({**shared, **attributes})

    def format_value(self, value: Any) -> str | None:
        return None


class CodeForm(forms.Form):
    """A code of the authenticator app, or a backup code: one field takes both."""

    code = forms.CharField(
        label=_("Code from your authenticator app, or a backup code"),
        max_length=32,
        widget=CodeInput(autofocus=True),
    )


class PasskeyNameForm(forms.Form):
    """What its owner calls a passkey."""

    name = forms.CharField(
        label=_("Name, such as the device that holds it"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput({"dir": "auto"}),
    )


class EnrolForm(forms.Form):
    """The first code of a new authenticator app; `replaces_old` asks for a code of the present factor, too."""

    current_code = forms.CharField(
        label=_("Code from your present app, or a backup code"), max_length=32, widget=CodeInput()
    )
    code = forms.CharField(label=_("Code that the new app shows"), max_length=32, widget=CodeInput(inputmode="numeric"))

    def __init__(self, *args: Any, replaces_old: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not replaces_old:
            del self.fields["current_code"]
