from django.contrib.postgres.aggregates import StringAgg
from django.db.models import BigIntegerField, BooleanField, Case, Count, F, Func, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from bots.models import Poll, PollAnswer, PollOption
from exports.resources.columns import Column, ExportResource, Kind


class IsAmong(Func):
    """Whether a value, the first argument, is in an array, the second one."""

    template = "(%(expressions)s))"
    arg_joiner = " = ANY("
    output_field = BooleanField()


def _counted(answers: "Q | IsAmong") -> Coalesce:
    found = PollAnswer.objects.filter(answers, poll=OuterRef("poll")).order_by().values("poll")
    counted = Subquery(found.annotate(count=Count("pk")).values("count"), output_field=BigIntegerField())
    return Coalesce(counted, Value(0), output_field=BigIntegerField())


_CHOSEN = (
    PollOption.objects.filter(IsAmong(F("position"), OuterRef("option_positions")), poll=OuterRef("poll"))
    .order_by()
    .values("poll")
    .annotate(texts=StringAgg("text", delimiter="; ", order_by=F("position").asc()))
)
_STATE = Case(
    When(poll__is_closed=True, then=Value(Poll.State.CLOSED.value)),
    When(Q(poll__platform_poll_id__isnull=True, poll__opened_at__isnull=True), then=Value(Poll.State.DRAFT.value)),
    default=Value(Poll.State.OPEN.value),
)


class PollOptionResource(ExportResource):
    """How often each option of each poll was chosen. The votes of people who were erased count, without a name."""

    poll = Column(_("Poll's number"), reads="poll_id", kind=Kind.ID, width=12)
    question = Column(_("Question"), reads="poll__question", width=40)
    state = Column(_("State"), reads=_STATE, kind=Kind.CHOICE, words=lambda: dict(Poll.State.choices))
    allows_multiple_answers = Column(
        _("Several answers allowed"), reads="poll__allows_multiple_answers", kind=Kind.FLAG, width=12
    )
    option = Column(_("Option"), reads="text", width=30)
    position = Column(_("Position"), reads=F("position") + 1, kind=Kind.NUMBER, width=10)
    votes = Column(
        _("Votes"),
        reads=_counted(IsAmong(OuterRef("position"), F("option_positions"))) + F("erased_votes"),
        kind=Kind.NUMBER,
        width=10,
    )
    voters = Column(
        _("Voters of the poll"),
        reads=_counted(~Q(option_positions=[])) + F("poll__erased_voters"),
        kind=Kind.NUMBER,
        width=10,
    )
    opened = Column(_("Opened (Jalali)"), reads="poll__opened_at", kind=Kind.JALALI, width=18)
    opened_at = Column(_("Opened (Gregorian)"), reads="poll__opened_at", kind=Kind.MOMENT, width=22)
    created = Column(_("Created (Jalali)"), reads="poll__created_at", kind=Kind.JALALI, width=18)
    created_at = Column(_("Created (Gregorian)"), reads="poll__created_at", kind=Kind.MOMENT, width=22)
    bot_slug = Column(_("Bot's short name"), reads="poll__bot__slug", width=18)
    candidate = Column(_("Candidate"), reads="poll__bot__candidate__name", width=22)

    class Meta:
        model = PollOption
        fields = export_order = (
            "poll", "question", "state", "allows_multiple_answers", "option", "position", "votes", "voters", "opened",
            "opened_at", "created", "created_at", "bot_slug", "candidate",
        )  # fmt: skip


class PollAnswerResource(ExportResource):
    """Who voted for what. Somebody who took their vote back has no option."""

    poll = Column(_("Poll's number"), reads="poll_id", kind=Kind.ID, width=12)
    question = Column(_("Question"), reads="poll__question", width=40)
    chosen = Column(_("Chosen options"), reads=Subquery(_CHOSEN.values("texts")), width=30, is_personal=True)
    time = Column(_("Time (Jalali)"), reads="answered_at", kind=Kind.JALALI, width=18)
    answered_at = Column(_("Time (Gregorian)"), reads="answered_at", kind=Kind.MOMENT, width=22)
    platform_user_id = Column(_("Platform's user number"), reads="bot_user__platform_user_id", kind=Kind.ID, width=16)
    first_name = Column(_("First name"), reads="bot_user__first_name", width=18, is_personal=True)
    last_name = Column(_("Last name"), reads="bot_user__last_name", width=18, is_personal=True)
    bot_slug = Column(_("Bot's short name"), reads="poll__bot__slug", width=18)
    candidate = Column(_("Candidate"), reads="poll__bot__candidate__name", width=22)

    class Meta:
        model = PollAnswer
        fields = export_order = (
            "poll", "question", "chosen", "time", "answered_at", "platform_user_id", "first_name", "last_name",
            "bot_slug", "candidate",
        )  # fmt: skip
