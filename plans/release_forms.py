"""Forms of the release manager."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.admin.forms import JalaliDateTimeField
from plans.services.release import LONGEST_REASON


class ReasonForm(forms.Form):
    """Why something is done; it stands in the plan's history."""

    reason = forms.CharField(label=_("Reason"), max_length=LONGEST_REASON, widget=forms.TextInput({"size": 60}))

    def __init__(self, *args: Any, is_needed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = is_needed


class ScheduleForm(forms.Form):
    """When a plan goes on sale, and what its buyers read about it."""

    release_date = JalaliDateTimeField(label=_("Goes on sale at"), help_text=_("Day and time in Tehran."))
    notes = forms.CharField(
        label=_("Release notes"),
        required=False,
        widget=forms.Textarea({"rows": 6, "cols": 60}),
        help_text=_("May hold <b>, <i>, <a>, lists and paragraphs; anything else is taken out."),
    )
    reason = forms.CharField(
        label=_("Reason"), required=False, max_length=LONGEST_REASON, widget=forms.TextInput({"size": 60})
    )
