from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from exports.models import DataExportLog

ME, PERSON, ANYBODY = "me", "person", "anybody"
WHOM = [(ME, _("me")), (PERSON, _("another person")), (ANYBODY, _("whoever has it"))]


class LinkForm(forms.Form):
    """For whom a link is made. A file with personal data goes to a named person only."""

    whom = forms.ChoiceField(label=_("It works for"), widget=forms.RadioSelect, initial=ME)
    person = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Person"),
        required=False,
        help_text=_("Somebody who may export this, too. They sign in to download."),
    )

    def __init__(self, *args: Any, run: DataExportLog, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user
        whom: Any = self.fields["whom"]
        whom.choices = [choice for choice in WHOM if choice[0] != ANYBODY or not run.holds_personal_data]
        person: Any = self.fields["person"]
        person.queryset = User.objects.filter(is_active=True).exclude(pk=user.pk).order_by("full_name", "username")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("whom") == PERSON and not cleaned.get("person"):
            self.add_error("person", _("Choose the person."))
        return cleaned

    def only_for(self) -> User | None:
        """The person whom the link shall be for; None for anybody. Call it on a valid form."""
        named = {ME: self.user, PERSON: self.cleaned_data["person"]}
        return named.get(self.cleaned_data["whom"])
