from typing import ClassVar

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bots.models import Contribution
from common.admin.date_filter import within_days
from exports.datasets.base import Dataset, Sheet
from exports.datasets.filter_form import ChoicesField, DayField, EitherField, FilterForm, ListField
from exports.resources.contribution import ContributionResource

CONTRIBUTIONS = Sheet(
    code="contributions",
    title=_("Contributions"),
    resource=ContributionResource,
    rows=lambda: Contribution.objects.order_by("pk"),
    candidate="bot__candidate",
)


class ContributionFilters(FilterForm):
    """Which contributions."""

    bot = ChoicesField(label=_("Bots"))
    kind = ChoicesField(label=_("Kinds"), choices=Contribution.Kind.choices)
    state = ChoicesField(label=_("States"), choices=Contribution.State.choices)
    is_assigned = EitherField(label=_("Assigned to somebody"))
    assigned_to = ListField(label=_("Assigned to"), help_text=_("Usernames of staff, with commas between them."))
    time_from = DayField(label=_("From"))
    time_to = DayField(label=_("Until"))

    def condition(self, sheet: str) -> Q:
        paths = {"bot": "bot__slug", "kind": "kind", "state": "state", "assigned_to": "assigned_to__username"}
        found = self.any_of(paths)
        if self.cleaned_data["is_assigned"] is not None:
            found &= Q(assigned_to__isnull=not self.cleaned_data["is_assigned"])
        return found & within_days(Contribution._meta.get_field("occurred_at"), "occurred_at", self.days("time"))


class ContributionsDataset(Dataset):
    code = "contributions"
    title = _("Contributions")
    description = _("Ideas, complaints, reports and questions of citizens, with their answers.")
    permission = "exports.export_contributions"
    filter_form = ContributionFilters
    sheets_made: ClassVar = (CONTRIBUTIONS,)
