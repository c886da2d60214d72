"""Forms of the pages of release tracks."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from plans.models import Plan, ReleaseTrack, ReleaseTrackStep, Stage
from plans.move_forms import PlanField
from plans.services.tracks import StepContent

GUARDS = ("waiting_days", "purchases_at_least", "problems_at_most", "is_held_by_alert", "needs_second_person")


class TrackForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new track."""

    class Meta:
        model = ReleaseTrack
        fields = ("name", "takes_steps_itself")
        widgets = {"name": forms.TextInput({"class": "vTextField", "dir": "auto"})}
        help_texts = {
            "takes_steps_itself": _("Otherwise it only proposes them, and somebody takes them on the track's page.")
        }


class StepForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a step puts on sale, and what must hold before."""

    plan = PlanField(Plan.objects.exclude(stage=Stage.RETIRED), label=_("Plan"))

    class Meta:
        model = ReleaseTrackStep
        fields = ("plan", *GUARDS)
        help_texts = {
            "waiting_days": _("Of no meaning for the first step, as are the next two."),
            "purchases_at_least": _("Of the plan before, since it went on sale. 0: it isn't looked at."),
            "problems_at_most": _("Of the plan before. Empty: it isn't looked at."),
            "is_held_by_alert": _("Not taken while something is wrong, or while that isn't known."),
            "needs_second_person": _("Somebody other than who wrote this step must approve it."),
        }

    def content(self) -> StepContent:
        """What was filled in."""
        values = {name: self.cleaned_data[name] for name in GUARDS}
        return StepContent(plan_code=self.cleaned_data["plan"].code, **values)


class StepActForm(forms.Form):
    """Which step a button was pressed for, and what its reader saw there."""

    step = forms.ModelChoiceField(ReleaseTrackStep.objects.none())
    seen_hash = forms.CharField(max_length=64, required=False)

    def __init__(self, *args: Any, track: ReleaseTrack, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["step"].queryset = track.steps.all()  # type: ignore[attr-defined]
