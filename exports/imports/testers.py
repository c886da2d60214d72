from typing import Any

from django.utils.translation import gettext_lazy
from tablib import Dataset

from accounts.models import Candidate
from accounts.selectors import candidates_visible_to
from exports.imports.cells import ObjectCell
from exports.imports.resource import ImportColumn, ImportResource, by_folded_code
from plans.candidate_list import folded
from plans.models import BetaTester, Plan
from plans.services import add_beta_tester
from plans.testers import refuse_closed


class TesterImport(ImportResource):
    """Who tests which plan. Whoever tests it already stays as they are."""

    kept_as_made = frozenset({"note"})
    plan = ImportColumn(
        gettext_lazy("Plan's code"), name="plan", called="plan_code", cell=ObjectCell(), is_key=True, others=("کد طرح",)
    )
    candidate = ImportColumn(
        gettext_lazy("Candidate's code"),
        name="candidate",
        called="candidate_code",
        cell=ObjectCell(),
        is_key=True,
        others=("کد نامزد",),
    )
    note = ImportColumn(gettext_lazy("Note"), name="note", others=("یادداشت",))

    class Meta:
        model = BetaTester
        import_id_fields = ("plan", "candidate")
        fields = import_order = ("plan", "candidate", "note")
        skip_diff = True

    def load(self, table: Dataset) -> dict[Any, Any]:
        visible = candidates_visible_to(self.actor) if self.actor else Candidate.objects.all()
        plans = Plan.objects.order_by("pk")
        self.fields["plan"].widget.found = by_folded_code(plans.select_for_update() if self.stores else plans)
        self.fields["candidate"].widget.found = by_folded_code(visible)
        present = BetaTester.objects.filter(left_at=None, candidate__in=visible).select_related("plan", "candidate")
        return {(folded(row.plan.code), folded(row.candidate.code)): row for row in present}

    def key_of(self, row: Any) -> Any:
        return folded(row["plan_code"]), folded(row["candidate_code"])

    def refuse(self, instance: BetaTester, is_new: bool) -> None:
        if is_new:
            refuse_closed(instance.plan)

    def create(self, instance: BetaTester) -> BetaTester:
        return add_beta_tester(
            candidate=instance.candidate, plan_code=instance.plan.code, note=instance.note, actor=self.actor
        )
