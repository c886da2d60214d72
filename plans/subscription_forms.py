"""What staff fill in to sell a plan and to end a subscription."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Candidate, User
from accounts.selectors import candidates_visible_to
from common.admin.autocomplete import TolerantAutocompleteSelect
from plans.models import Plan, Subscription
from plans.selectors import get_available_plans


class BuyerForm(forms.Form):
    """For whom. It is sent by GET: the candidate stands in the page's address."""

    candidate = forms.ModelChoiceField(label=gettext_lazy("Candidate"), queryset=Candidate.objects.none())

    def __init__(self, *args: Any, seller: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices: Any = self.fields["candidate"]
        choices.queryset = candidates_visible_to(seller)
        choices.widget = TolerantAutocompleteSelect(Subscription._meta.get_field("candidate"), admin.site)
        choices.widget.choices = choices.choices


class PricedPlanField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A plan by its name and price."""

    def label_from_instance(self, plan: Plan) -> str:
        return _("%(plan)s – %(price)s rials") % {
            "plan": plan.name,
            "price": number_format(plan.price_rials or 0, force_grouping=True),
        }


class SellForm(forms.Form):
    """Which of the plans that the candidate can buy now, with which discount, and at what price as shown before."""

    plan = PricedPlanField(
        label=gettext_lazy("Plan"),
        queryset=Plan.objects.none(),
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": gettext_lazy("This candidate can't buy this plan now. Choose another.")},
    )
    campaign_code = forms.CharField(
        label=gettext_lazy("Discount code"),
        required=False,
        max_length=60,
        widget=forms.TextInput({"dir": "ltr"}),
        help_text=gettext_lazy("Of a discount campaign, where the candidate has one."),
    )
    agreed_price_rials = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, candidate: Candidate, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = [plan.pk for plan in get_available_plans(candidate=candidate)]
        self.fields["plan"].queryset = Plan.objects.filter(pk__in=offered)  # type: ignore[attr-defined]
        self.has_plans = bool(offered)
