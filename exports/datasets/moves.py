from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from exports.datasets.base import Dataset, Sheet
from exports.datasets.filter_form import FilterForm
from exports.resources.move_row import MoveRowResource
from plans.models import SubscriberMove, SubscriberMoveRow
from plans.move_rows import ALL, FILTERS, rows_of


class MoveFilters(FilterForm):
    """Of which move, and what became of them."""

    move = forms.ModelChoiceField(SubscriberMove.objects.all(), label=_("Move"))
    outcome = forms.ChoiceField(label=_("Outcome"), choices=list(FILTERS.items()), required=False)

    def narrowed(self, rows: QuerySet[Any], sheet: str) -> QuerySet[Any]:
        return rows_of(self.cleaned_data["move"], self.cleaned_data["outcome"] or ALL)

    def stored(self) -> dict[str, str]:
        return {**super().stored(), "move": str(self.cleaned_data["move"].pk)}


class MoveDataset(Dataset):
    code = "move"
    title = _("Subscribers of a move")
    permission = "plans.export_subscribermove"
    filter_form = MoveFilters
    takes_candidate = False
    is_listed = False
    action = "exports.subscriber_move.export"
    sheets_made: ClassVar = (
        Sheet(
            code="rows",
            title=_("Subscribers of a move"),
            resource=MoveRowResource,
            rows=SubscriberMoveRow.objects.all,
            candidate=None,
        ),
    )

    def may_export(self, actor: User | None) -> bool:
        """Who may see moves and export them: nobody limited to some candidates, as a move names those of all."""
        if actor is None:
            return True
        return not actor.is_limited_to_scopes and actor.has_perms(["plans.view_subscribermove", self.permission])
