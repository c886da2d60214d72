from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from exports.resources.columns import Column, ExportResource, Kind
from plans.models import PlanReleaseHistory

STEPS = dict(PlanReleaseHistory._meta.get_field("step").flatchoices)
STAGES = dict(PlanReleaseHistory._meta.get_field("stage_before").flatchoices)


class PlanHistoryResource(ExportResource):
    """The steps of a plan: what happened in words, who and why, and every time in both calendars."""

    id = Column(_("Row"), reads="id", kind=Kind.NUMBER, width=10)
    plan_code = Column(_("Plan's code"), reads="plan_code", width=16)
    time = Column(_("Time (Jalali)"), reads="happened_at", kind=Kind.JALALI, width=18)
    happened_at = Column(_("Time (Gregorian)"), reads="happened_at", kind=Kind.MOMENT, width=22)
    step = Column(_("What happened"), reads="step", kind=Kind.CHOICE, words=lambda: STEPS, width=26)
    stage_before = Column(_("Stage before"), reads="stage_before", kind=Kind.CHOICE, words=lambda: STAGES, width=14)
    stage_after = Column(_("Stage after"), reads="stage_after", kind=Kind.CHOICE, words=lambda: STAGES, width=14)
    actor_label = Column(
        _("Person"), reads="actor_label", kind=Kind.CHOICE, words=lambda: {"": gettext("the system")}, width=20
    )
    actor_id = Column(_("Person's number"), reads="actor_id", kind=Kind.NUMBER, width=10)
    reason = Column(_("Reason"), reads="reason", width=40)
    notes = Column(_("Release notes"), reads="notes", width=40)
    sale_time = Column(_("Goes on sale at (Jalali)"), reads="scheduled_for", kind=Kind.JALALI, width=18)
    scheduled_for = Column(_("Goes on sale at (Gregorian)"), reads="scheduled_for", kind=Kind.MOMENT, width=22)

    class Meta:
        model = PlanReleaseHistory
        fields = export_order = (
            "id", "plan_code", "time", "happened_at", "step", "stage_before", "stage_after", "actor_label", "actor_id",
            "reason", "notes", "sale_time", "scheduled_for",
        )  # fmt: skip
