from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from exports.resources.columns import Column, ExportResource, Kind
from plans.models import BetaFeedback, BetaTester, Plan, Subscription


def plan_names() -> Mapping[str, str]:
    """The plans' names in the language of now, by their codes."""
    return {plan.code: plan.name for plan in Plan.objects.all()}


class SubscriptionResource(ExportResource):
    """What candidates bought, at which price, and for how long they had it."""

    number = Column(_("Subscription's number"), reads="id", kind=Kind.ID, width=12)
    plan_code = Column(_("Plan's code"), reads="plan__code", width=16)
    plan = Column(_("Plan"), reads="plan__code", kind=Kind.CHOICE, words=plan_names, width=22)
    bought_plan_code = Column(_("Code of the plan that was bought"), reads="bought_plan__code", width=16)
    price_rials = Column(_("Price in rials"), reads="price_rials", kind=Kind.NUMBER)
    campaign_code = Column(_("Discount code"), reads="campaign_use__campaign__code", width=16)
    saved_rials = Column(_("Saved rials"), reads="campaign_use__saved_rials", kind=Kind.NUMBER)
    is_of_tester = Column(_("Bought as a tester"), reads="is_of_tester", kind=Kind.FLAG, width=12)
    started = Column(_("Bought (Jalali)"), reads="started_at", kind=Kind.JALALI, width=18)
    started_at = Column(_("Bought (Gregorian)"), reads="started_at", kind=Kind.MOMENT, width=22)
    ended = Column(_("Ended (Jalali)"), reads="ended_at", kind=Kind.JALALI, width=18)
    ended_at = Column(_("Ended (Gregorian)"), reads="ended_at", kind=Kind.MOMENT, width=22)
    candidate_code = Column(_("Candidate's code"), reads="candidate__code", width=18)

    class Meta:
        model = Subscription
        fields = export_order = (
            "number", "plan_code", "plan", "bought_plan_code", "price_rials", "campaign_code", "saved_rials",
            "is_of_tester", "started", "started_at", "ended", "ended_at", "candidate_code",
        )  # fmt: skip


class TesterResource(ExportResource):
    """When candidates were testers of a plan."""

    plan_code = Column(_("Plan's code"), reads="plan__code", width=16)
    plan = Column(_("Plan"), reads="plan__code", kind=Kind.CHOICE, words=plan_names, width=22)
    entered = Column(_("Entered (Jalali)"), reads="entered_at", kind=Kind.JALALI, width=18)
    entered_at = Column(_("Entered (Gregorian)"), reads="entered_at", kind=Kind.MOMENT, width=22)
    left = Column(_("Left (Jalali)"), reads="left_at", kind=Kind.JALALI, width=18)
    left_at = Column(_("Left (Gregorian)"), reads="left_at", kind=Kind.MOMENT, width=22)
    exit_reason = Column(_("Reason for leaving"), reads="exit_reason", width=30)
    note = Column(_("Note"), reads="note", width=30)
    added_by = Column(_("Added by"), reads="added_by__username", width=18)
    candidate_code = Column(_("Candidate's code"), reads="candidate__code", width=18)

    class Meta:
        model = BetaTester
        fields = export_order = (
            "plan_code", "plan", "entered", "entered_at", "left", "left_at", "exit_reason", "note", "added_by",
            "candidate_code",
        )  # fmt: skip


class FeedbackResource(ExportResource):
    """What candidates told about a plan."""

    plan_code = Column(_("Plan's code"), reads="plan__code", width=16)
    plan = Column(_("Plan"), reads="plan__code", kind=Kind.CHOICE, words=plan_names, width=22)
    kind = Column(_("Kind"), reads="kind", kind=Kind.CHOICE, words=lambda: dict(BetaFeedback.Kind.choices), width=18)
    text = Column(_("What they told"), reads="text", width=50)
    told = Column(_("Told (Jalali)"), reads="told_at", kind=Kind.JALALI, width=18)
    told_at = Column(_("Told (Gregorian)"), reads="told_at", kind=Kind.MOMENT, width=22)
    closed = Column(_("Closed (Jalali)"), reads="closed_at", kind=Kind.JALALI, width=18)
    closed_at = Column(_("Closed (Gregorian)"), reads="closed_at", kind=Kind.MOMENT, width=22)
    written_by = Column(_("Written down by"), reads="written_by__username", width=18)
    candidate_code = Column(_("Candidate's code"), reads="candidate__code", width=18)

    class Meta:
        model = BetaFeedback
        fields = export_order = (
            "plan_code", "plan", "kind", "text", "told", "told_at", "closed", "closed_at", "written_by",
            "candidate_code",
        )  # fmt: skip
