"""Forms of the pages that move subscribers."""

from django import forms
from django.utils.translation import gettext_lazy as _

from plans.models import Plan, Stage
from plans.services.moves import LONGEST_REASON


class PlanField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A plan, told by its name and code; two plans may bear one name."""

    def label_from_instance(self, plan: Plan) -> str:
        return f"{plan.name} ({plan.code})"


class MoveForm(forms.Form):
    """From where, to where, and why."""

    old_plan = PlanField(Plan.objects.all(), label=_("Old plan"))
    new_plan = PlanField(Plan.objects.exclude(stage=Stage.RETIRED), label=_("New plan"))
    reason = forms.CharField(label=_("Reason"), max_length=LONGEST_REASON, widget=forms.TextInput({"size": 60}))


class UndoForm(forms.Form):
    """Why a move is undone."""

    reason = forms.CharField(label=_("Reason"), max_length=LONGEST_REASON, widget=forms.TextInput({"size": 60}))
