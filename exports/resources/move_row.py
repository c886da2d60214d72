from django.utils.translation import gettext_lazy as _

from exports.resources.columns import Column, ExportResource
from plans.models import SubscriberMoveRow


class MoveRowResource(ExportResource):
    """What became of each subscriber of a move, and why."""

    subscription = Column(_("Subscription's number"), attribute="subscription_id", width=14)
    candidate_code = Column(_("Candidate's code"), attribute="subscription__candidate__code", width=18)
    candidate = Column(_("Candidate"), attribute="subscription__candidate__name", width=26)
    outcome = Column(_("Outcome"), attribute="outcome", width=22)
    why = Column(_("Why"), attribute="why", width=50)

    class Meta:
        model = SubscriberMoveRow
        fields = export_order = ("subscription", "candidate_code", "candidate", "outcome", "why")

    def __init__(self) -> None:
        super().__init__()
        self._outcomes = {value: str(label) for value, label in SubscriberMoveRow.Outcome.choices}

    def dehydrate_subscription(self, row: SubscriberMoveRow) -> int:
        return row.subscription_id

    def dehydrate_outcome(self, row: SubscriberMoveRow) -> str:
        return self._outcomes[row.outcome]

    def dehydrate_why(self, row: SubscriberMoveRow) -> str:
        return str(row.why_in_words)
