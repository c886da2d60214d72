from django.utils.translation import gettext_lazy as _

from exports.resources.columns import Column, ExportResource, Kind
from plans.models import SubscriberMoveRow


class MoveRowResource(ExportResource):
    """What became of each subscriber of a move, and why."""

    subscription = Column(_("Subscription's number"), reads="subscription_id", kind=Kind.NUMBER, width=14)
    candidate_code = Column(_("Candidate's code"), reads="subscription__candidate__code", width=18)
    candidate = Column(_("Candidate"), reads="subscription__candidate__name", width=26)
    outcome = Column(
        _("Outcome"),
        reads="outcome",
        kind=Kind.CHOICE,
        words=lambda: dict(SubscriberMoveRow.Outcome.choices),
        width=22,
    )
    why = Column(_("Why"), reads="why", kind=Kind.CHOICE, words=lambda: dict(SubscriberMoveRow.Why.choices), width=50)

    class Meta:
        model = SubscriberMoveRow
        fields = export_order = ("subscription", "candidate_code", "candidate", "outcome", "why")
