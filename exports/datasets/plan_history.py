from typing import ClassVar

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from exports.datasets.base import Dataset, Sheet
from exports.datasets.filter_form import FilterForm
from exports.resources.plan_history import PlanHistoryResource
from plans.models import PlanReleaseHistory


class PlanHistoryFilters(FilterForm):
    """Of which plan; one that is gone has a history, too."""

    plan = forms.SlugField(label=_("Plan's code"), required=False, max_length=50)

    def condition(self, sheet: str) -> Q:
        return Q(plan_code=self.cleaned_data["plan"]) if self.cleaned_data["plan"] else Q()


class PlanHistoryDataset(Dataset):
    code = "plan_history"
    title = _("History of a plan")
    permission = "plans.export_planreleasehistory"
    filter_form = PlanHistoryFilters
    takes_candidate = False
    is_listed = False
    action = "exports.plan_history.export"
    sheets_made: ClassVar = (
        Sheet(
            code="history",
            title=_("History of a plan"),
            resource=PlanHistoryResource,
            rows=lambda: PlanReleaseHistory.objects.order_by("pk"),
            candidate=None,
        ),
    )

    def may_export(self, actor: User | None) -> bool:
        """Who may see the history and export it."""
        return super().may_export(actor) and (actor is None or actor.has_perm("plans.view_plan"))
