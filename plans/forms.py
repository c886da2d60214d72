from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from plans.models import Plan, Stage

SEPARATORS = dict.fromkeys(map(ord, ",٬،_' \u00a0\u200c\u200f"))


class RialField(forms.IntegerField):
    """Whole rials, typed with or without thousands separators, in Persian or Latin digits."""

    widget = forms.TextInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=2**63 - 1, localize=True, **kwargs)
        self.widget.attrs.update({"inputmode": "numeric", "dir": "ltr"})

    def to_python(self, value: Any) -> int | None:
        return super().to_python(value.translate(SEPARATORS) if isinstance(value, str) else value)


class PlanForm(forms.ModelForm):  # type: ignore[type-arg]
    price_rials = RialField(
        label=_("Price in rials"), required=False, help_text=_("Empty: the plan has no price yet and can't be bought.")
    )

    def clean_price_rials(self) -> int | None:
        price: int | None = self.cleaned_data["price_rials"]
        if price is None and self.instance.stage in (Stage.SCHEDULED, Stage.AVAILABLE):
            raise forms.ValidationError(_("A plan that is or goes on sale needs a price."))
        return price

    class Meta:
        model = Plan
        fields = ("code", "name_fa", "name_en", "price_rials", "entitlements")
        widgets = {
            "code": forms.TextInput(attrs={"dir": "ltr"}),
            "name_en": forms.TextInput(attrs={"dir": "ltr", "class": "vTextField"}),
            "entitlements": forms.Textarea(attrs={"dir": "ltr", "rows": 6, "cols": 60}),
        }
