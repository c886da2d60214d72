from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from bots.models import Bot
from bots.services.polls import LONGEST_QUESTION


class PollForm(forms.Form):
    """A new poll; its options stand one on each line."""

    bot = forms.ModelChoiceField(Bot.objects.none(), label=_("Bot"))
    question = forms.CharField(label=_("Question"), max_length=LONGEST_QUESTION, widget=forms.Textarea({"rows": 2}))
    options = forms.CharField(
        label=_("Options"), widget=forms.Textarea({"rows": 6}), help_text=_("One on each line, two to ten of them.")
    )
    allows_multiple_answers = forms.BooleanField(label=_("Several answers allowed"), required=False)

    def __init__(self, *args: Any, bots: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["bot"]
        field.queryset = bots

    def clean_options(self) -> list[str]:
        return str(self.cleaned_data["options"]).splitlines()
