from django.utils.translation import gettext_lazy as _

from bots.models import Bot, BotText
from exports.resources.columns import Column, ExportResource, Kind


class BotResource(ExportResource):
    """Bots, without what lets anybody speak for them."""

    slug = Column(_("Bot's short name"), reads="slug", width=18)
    name = Column(_("Bot"), reads="name", width=24)
    platform = Column(_("Platform"), reads="platform", kind=Kind.CHOICE, words=lambda: dict(Bot.Platform.choices))
    username = Column(_("Username"), reads="username", width=18)
    receives_by = Column(_("Updates"), reads="receives_by", kind=Kind.CHOICE, words=lambda: dict(Bot.Way.choices))
    paused = Column(_("Paused since (Jalali)"), reads="paused_at", kind=Kind.JALALI, width=18)
    paused_at = Column(_("Paused since (Gregorian)"), reads="paused_at", kind=Kind.MOMENT, width=22)
    created = Column(_("Created (Jalali)"), reads="created_at", kind=Kind.JALALI, width=18)
    created_at = Column(_("Created (Gregorian)"), reads="created_at", kind=Kind.MOMENT, width=22)
    candidate_code = Column(_("Candidate's code"), reads="candidate__code", width=18)

    class Meta:
        model = Bot
        fields = export_order = (
            "slug", "name", "platform", "username", "receives_by", "paused", "paused_at", "created", "created_at",
            "candidate_code",
        )  # fmt: skip


class BotTextResource(ExportResource):
    """What a candidate's bots say instead of the standard texts."""

    key = Column(_("Place"), reads="key", width=20)
    language = Column(_("Language"), reads="language", kind=Kind.CHOICE, words=lambda: dict(BotText.Language.choices))
    text = Column(_("Text"), reads="text", width=50)
    version = Column(_("Version"), reads="version", kind=Kind.NUMBER, width=10)
    changed = Column(_("Changed (Jalali)"), reads="changed_at", kind=Kind.JALALI, width=18)
    changed_at = Column(_("Changed (Gregorian)"), reads="changed_at", kind=Kind.MOMENT, width=22)
    changed_by = Column(_("Changed by"), reads="changed_by__username", width=18)
    candidate_code = Column(_("Candidate's code"), reads="candidate__code", width=18)

    class Meta:
        model = BotText
        fields = export_order = (
            "key", "language", "text", "version", "changed", "changed_at", "changed_by", "candidate_code",
        )  # fmt: skip
