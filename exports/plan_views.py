"""The pages that export a plan's history and the rows of a move."""

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from exports.changelist import Selection
from exports.plan_filters import MoveFilters, PlanHistoryFilters
from exports.views import ExportPage
from plans.models import Plan, PlanReleaseHistory, SubscriberMove
from plans.move_rows import ALL, FILTERS


class PlanHistoryPage(ExportPage):
    model = PlanReleaseHistory
    dataset = "plan_history"
    title = _("Export the history of a plan")
    file_stem = "plan-history"
    command_name = "export_plan_history"

    def select(self, request: HttpRequest) -> Selection:
        plan = get_object_or_404(Plan, pk=self.kwargs["plan_id"])
        filters = PlanHistoryFilters(plan.code)
        return Selection(filters.rows(), [(gettext("Plan"), plan.name)], filters, filters.for_audit())

    def list_url(self) -> str:
        return reverse("plans:history", args=[self.kwargs["plan_id"]])


class MovePage(ExportPage):
    model = SubscriberMove
    dataset = "move"
    title = _("Export the subscribers of a move")
    file_stem = "subscriber-move"
    command_name = "export_move"

    def select(self, request: HttpRequest) -> Selection:
        move = get_object_or_404(SubscriberMove, pk=self.kwargs["move_id"])
        asked = request.GET.get("outcome", ALL)
        filters = MoveFilters(move, asked if asked in FILTERS else ALL)
        words = [(gettext("Move"), str(move)), (gettext("Outcome"), str(FILTERS[filters.outcome]))]
        return Selection(filters.rows(), words, filters, filters.for_audit())

    def list_url(self) -> str:
        return reverse("plans:move", args=[self.kwargs["move_id"]])
