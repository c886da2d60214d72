from django.contrib.postgres.aggregates import StringAgg
from django.db.models import F, OuterRef, Subquery
from django.utils.translation import gettext_lazy as _

from bots.models import Contribution, ContributionAnswer, OutboxMessage
from exports.resources.columns import Column, ExportResource, Kind

BETWEEN_ANSWERS = "\n\n"
_ANSWERS = ContributionAnswer.objects.filter(contribution=OuterRef("pk")).order_by()
_TEXTS = _ANSWERS.values("contribution").annotate(
    texts=StringAgg("text", delimiter=BETWEEN_ANSWERS, order_by=F("pk").asc())
)
_LAST = _ANSWERS.order_by("-pk")


class ContributionResource(ExportResource):
    """What citizens contributed, and what they were answered; several answers stand under each other."""

    number = Column(_("Number"), reads="id", kind=Kind.ID, width=12)
    kind = Column(_("Kind"), reads="kind", kind=Kind.CHOICE, words=lambda: dict(Contribution.Kind.choices))
    text = Column(_("Text"), reads="text", width=60, is_personal=True)
    state = Column(_("State"), reads="state", kind=Kind.CHOICE, words=lambda: dict(Contribution.State.choices))
    assigned_to = Column(_("Assigned to"), reads="assigned_to__username", width=18)
    time = Column(_("Time (Jalali)"), reads="occurred_at", kind=Kind.JALALI, width=18)
    occurred_at = Column(_("Time (Gregorian)"), reads="occurred_at", kind=Kind.MOMENT, width=22)
    answers = Column(_("Answers"), reads=Subquery(_TEXTS.values("texts")), width=50)
    answered = Column(
        _("Answered (Jalali)"), reads=Subquery(_LAST.values("answered_at")[:1]), kind=Kind.JALALI, width=18
    )
    answered_at = Column(
        _("Answered (Gregorian)"), reads=Subquery(_LAST.values("answered_at")[:1]), kind=Kind.MOMENT, width=22
    )
    answered_by = Column(_("Answered by"), reads=Subquery(_LAST.values("author__username")[:1]), width=18)
    delivery = Column(
        _("Answer's delivery"),
        reads=Subquery(_LAST.values("delivery__state")[:1]),
        kind=Kind.CHOICE,
        words=lambda: dict(OutboxMessage.State.choices),
    )
    platform_user_id = Column(_("Platform's user number"), reads="bot_user__platform_user_id", kind=Kind.ID, width=16)
    first_name = Column(_("First name"), reads="bot_user__first_name", width=18, is_personal=True)
    last_name = Column(_("Last name"), reads="bot_user__last_name", width=18, is_personal=True)
    bot_slug = Column(_("Bot's short name"), reads="bot__slug", width=18)
    candidate = Column(_("Candidate"), reads="bot__candidate__name", width=22)

    class Meta:
        model = Contribution
        fields = export_order = (
            "number", "kind", "text", "state", "assigned_to", "time", "occurred_at", "answers", "answered",
            "answered_at", "answered_by", "delivery", "platform_user_id", "first_name", "last_name", "bot_slug",
            "candidate",
        )  # fmt: skip
