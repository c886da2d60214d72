import datetime as dt

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from import_export.widgets import IntegerWidget

from exports.resources.columns import Column, ExportResource, jalali
from plans.models import PlanReleaseHistory


class PlanHistoryResource(ExportResource):
    """The steps of a plan: what happened in words, who and why, and every time in both calendars."""

    id = Column(_("Row"), attribute="id", widget=IntegerWidget(), width=10)
    plan_code = Column(_("Plan's code"), attribute="plan_code", width=16)
    time = Column(_("Time (Jalali)"), attribute="happened_at", width=18)
    happened_at = Column(_("Time (Gregorian)"), attribute="happened_at", width=22)
    step = Column(_("What happened"), attribute="step", width=26)
    stage_before = Column(_("Stage before"), attribute="stage_before", width=14)
    stage_after = Column(_("Stage after"), attribute="stage_after", width=14)
    actor_label = Column(_("Person"), attribute="actor_label", width=20)
    actor_id = Column(_("Person's number"), attribute="actor_id", widget=IntegerWidget(), width=10)
    reason = Column(_("Reason"), attribute="reason", width=40)
    notes = Column(_("Release notes"), attribute="notes", width=40)
    sale_time = Column(_("Goes on sale at (Jalali)"), attribute="scheduled_for", width=18)
    scheduled_for = Column(_("Goes on sale at (Gregorian)"), attribute="scheduled_for", width=22)

    class Meta:
        model = PlanReleaseHistory
        fields = export_order = (
            "id", "plan_code", "time", "happened_at", "step", "stage_before", "stage_after", "actor_label", "actor_id",
            "reason", "notes", "sale_time", "scheduled_for",
        )  # fmt: skip

    def dehydrate_time(self, row: PlanReleaseHistory) -> str:
        return jalali(row.happened_at)

    def dehydrate_happened_at(self, row: PlanReleaseHistory) -> dt.datetime:
        return row.happened_at

    def dehydrate_step(self, row: PlanReleaseHistory) -> str:
        return row.get_step_display()

    def dehydrate_stage_before(self, row: PlanReleaseHistory) -> str:
        return row.get_stage_before_display()

    def dehydrate_stage_after(self, row: PlanReleaseHistory) -> str:
        return row.get_stage_after_display()

    def dehydrate_actor_label(self, row: PlanReleaseHistory) -> str:
        return row.actor_label or gettext("the system")

    def dehydrate_sale_time(self, row: PlanReleaseHistory) -> str:
        return jalali(row.scheduled_for) if row.scheduled_for else ""

    def dehydrate_scheduled_for(self, row: PlanReleaseHistory) -> dt.datetime | None:
        return row.scheduled_for
