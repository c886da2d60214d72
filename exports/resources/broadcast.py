from django.utils.translation import gettext_lazy as _

from bots.models import Broadcast
from exports.resources.columns import Column, ExportResource, Kind


class BroadcastResource(ExportResource):
    """The messages that a candidate sent to many, and what became of them."""

    number = Column(_("Number"), reads="id", kind=Kind.ID, width=12)
    title = Column(_("Title"), reads="title", width=24)
    text = Column(_("Text"), reads="text", width=50)
    buttons = Column(_("Buttons (JSON)"), reads="buttons", kind=Kind.JSON, width=24)
    filters = Column(_("Audience (JSON)"), reads="filters", kind=Kind.JSON, width=24)
    state = Column(_("State"), reads="state", kind=Kind.CHOICE, words=lambda: dict(Broadcast.State.choices))
    state_reason = Column(_("Reason"), reads="state_reason", width=24)
    scheduled = Column(_("Goes out at (Jalali)"), reads="scheduled_for", kind=Kind.JALALI, width=18)
    scheduled_for = Column(_("Goes out at (Gregorian)"), reads="scheduled_for", kind=Kind.MOMENT, width=22)
    last_moment = Column(_("Not after (Jalali)"), reads="deadline", kind=Kind.JALALI, width=18)
    deadline = Column(_("Not after (Gregorian)"), reads="deadline", kind=Kind.MOMENT, width=22)
    started = Column(_("Started (Jalali)"), reads="started_at", kind=Kind.JALALI, width=18)
    started_at = Column(_("Started (Gregorian)"), reads="started_at", kind=Kind.MOMENT, width=22)
    finished = Column(_("Finished (Jalali)"), reads="finished_at", kind=Kind.JALALI, width=18)
    finished_at = Column(_("Finished (Gregorian)"), reads="finished_at", kind=Kind.MOMENT, width=22)
    created = Column(_("Created (Jalali)"), reads="created_at", kind=Kind.JALALI, width=18)
    created_at = Column(_("Created (Gregorian)"), reads="created_at", kind=Kind.MOMENT, width=22)
    audience_count = Column(_("People"), reads="audience_count", kind=Kind.NUMBER, width=10)
    sent_count = Column(_("Sent"), reads="sent_count", kind=Kind.NUMBER, width=10)
    failed_count = Column(_("Failed"), reads="failed_count", kind=Kind.NUMBER, width=10)
    blocked_count = Column(_("Blocked the bot"), reads="blocked_count", kind=Kind.NUMBER, width=10)
    uncertain_count = Column(_("Uncertain"), reads="uncertain_count", kind=Kind.NUMBER, width=10)
    expired_count = Column(_("Expired"), reads="expired_count", kind=Kind.NUMBER, width=10)
    left_out_count = Column(_("Left out"), reads="left_out_count", kind=Kind.NUMBER, width=10)
    author = Column(_("Written by"), reads="author__username", width=18)
    bot_slug = Column(_("Bot's short name"), reads="bot__slug", width=18)
    candidate_code = Column(_("Candidate's code"), reads="candidate__code", width=18)

    class Meta:
        model = Broadcast
        fields = export_order = (
            "number", "title", "text", "buttons", "filters", "state", "state_reason", "scheduled", "scheduled_for",
            "last_moment", "deadline", "started", "started_at", "finished", "finished_at", "created", "created_at",
            "audience_count", "sent_count", "failed_count", "blocked_count", "uncertain_count", "expired_count",
            "left_out_count", "author", "bot_slug", "candidate_code",
        )  # fmt: skip
