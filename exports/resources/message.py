from django.utils.translation import gettext_lazy as _

from bots.models import Click, Message
from exports.resources.columns import Column, ExportResource, Kind


class MessageResource(ExportResource):
    """What citizens wrote to the bots."""

    time = Column(_("Time (Jalali)"), reads="occurred_at", kind=Kind.JALALI, width=18)
    occurred_at = Column(_("Time (Gregorian)"), reads="occurred_at", kind=Kind.MOMENT, width=22)
    kind = Column(_("Kind"), reads="kind", width=12)
    text = Column(_("Text"), reads="text", width=60, is_personal=True)
    edited = Column(_("Edited (Jalali)"), reads="edited_at", kind=Kind.JALALI, width=18)
    edited_at = Column(_("Edited (Gregorian)"), reads="edited_at", kind=Kind.MOMENT, width=22)
    platform_user_id = Column(_("Platform's user number"), reads="bot_user__platform_user_id", kind=Kind.ID, width=16)
    first_name = Column(_("First name"), reads="bot_user__first_name", width=18, is_personal=True)
    last_name = Column(_("Last name"), reads="bot_user__last_name", width=18, is_personal=True)
    username = Column(_("Username"), reads="bot_user__username", width=18, is_personal=True)
    message_id = Column(_("Message's number"), reads="message_id", kind=Kind.ID, width=12)
    bot_slug = Column(_("Bot's short name"), reads="bot__slug", width=18)
    candidate = Column(_("Candidate"), reads="bot__candidate__name", width=22)

    class Meta:
        model = Message
        fields = export_order = (
            "time", "occurred_at", "kind", "text", "edited", "edited_at", "platform_user_id", "first_name",
            "last_name", "username", "message_id", "bot_slug", "candidate",
        )  # fmt: skip


class ClickResource(ExportResource):
    """Which buttons citizens pressed, and when they began."""

    time = Column(_("Time (Jalali)"), reads="occurred_at", kind=Kind.JALALI, width=18)
    occurred_at = Column(_("Time (Gregorian)"), reads="occurred_at", kind=Kind.MOMENT, width=22)
    kind = Column(_("Kind"), reads="kind", kind=Kind.CHOICE, words=lambda: dict(Click.Kind.choices))
    data = Column(_("Data"), reads="data", width=24)
    platform_user_id = Column(_("Platform's user number"), reads="bot_user__platform_user_id", kind=Kind.ID, width=16)
    bot_slug = Column(_("Bot's short name"), reads="bot__slug", width=18)

    class Meta:
        model = Click
        fields = export_order = ("time", "occurred_at", "kind", "data", "platform_user_id", "bot_slug")
