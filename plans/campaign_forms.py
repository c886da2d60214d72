"""What staff type about discount campaigns, and how a discount reads."""

from django import forms
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.admin import JalaliDateTimeField
from plans.forms import RialField
from plans.models import DiscountCampaign, Plan, Stage

LARGEST_COUNT = 2**31 - 1  # of a PositiveIntegerField


def discount_words(campaign: DiscountCampaign) -> str:
    """What a campaign takes off, such as “20 per cent” or “5,000,000 rials”."""
    amount = number_format(campaign.value, force_grouping=True)
    if campaign.kind == DiscountCampaign.Kind.PERCENT:
        return _("%(amount)s per cent") % {"amount": amount}
    return _("%(amount)s rials") % {"amount": amount}


class CampaignForm(forms.Form):
    """The terms of a new campaign; its service judges them."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=150)
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=40,
        widget=forms.TextInput(attrs={"dir": "ltr"}),
        help_text=gettext_lazy(
            "What candidates tell you. Capital and small letters, spaces and dashes make no difference; Persian, "
            "Arabic and Latin digits are the same."
        ),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Discount"), choices=DiscountCampaign.Kind.choices)
    value = RialField(label=gettext_lazy("How much"), help_text=gettext_lazy("Per cent from 1 to 100, or rials."))
    plans = forms.ModelMultipleChoiceField(
        label=gettext_lazy("Plans"),
        queryset=Plan.objects.exclude(stage=Stage.RETIRED),
        widget=forms.CheckboxSelectMultiple,
    )
    starts_at = JalaliDateTimeField(label=gettext_lazy("From"), help_text=gettext_lazy("Tehran time."))
    ends_at = JalaliDateTimeField(
        label=gettext_lazy("Until"), help_text=gettext_lazy("Tehran time. At this moment the campaign is over.")
    )
    uses_at_most = forms.IntegerField(
        label=gettext_lazy("Uses at most"),
        required=False,
        min_value=1,
        max_value=LARGEST_COUNT,
        help_text=gettext_lazy("Empty: any number."),
    )
    uses_per_candidate = forms.IntegerField(
        label=gettext_lazy("Uses for each candidate at most"), min_value=1, max_value=LARGEST_COUNT, initial=1
    )


class ToggleForm(forms.Form):
    """`is_active` is what the page offered, so that a page sent twice doesn't switch back."""

    is_active = forms.ChoiceField(choices=[("1", ""), ("0", "")], widget=forms.HiddenInput)
    reason = forms.CharField(
        label=gettext_lazy("Reason"), required=False, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
