from django.utils.translation import gettext_lazy as _

from bots.models import BotUser
from common.regions import city_choices, region_choices
from exports.resources.columns import Column, ExportResource, Kind


class BotUserResource(ExportResource):
    """The people of the bots; phone numbers are chosen only by who may see them."""

    platform_user_id = Column(_("Platform's user number"), reads="platform_user_id", kind=Kind.ID, width=16)
    first_name = Column(_("First name"), reads="first_name", width=18, is_personal=True)
    last_name = Column(_("Last name"), reads="last_name", width=18, is_personal=True)
    username = Column(_("Username"), reads="username", width=18, is_personal=True)
    language_code = Column(_("Language"), reads="language_code", width=10)
    phone = Column(_("Phone"), reads="phone", kind=Kind.SECRET, width=16, is_personal=True)
    city = Column(_("City"), reads="city", kind=Kind.CHOICE, words=lambda: dict(city_choices()), width=14)
    source = Column(_("Source"), reads="source", width=16)
    is_blocked = Column(_("Has blocked the bot"), reads="is_blocked", kind=Kind.FLAG, width=12)
    click_count = Column(_("Clicks"), reads="click_count", kind=Kind.NUMBER, width=10)
    message_count = Column(_("Messages"), reads="message_count", kind=Kind.NUMBER, width=10)
    first_seen = Column(_("First seen (Jalali)"), reads="first_seen_at", kind=Kind.JALALI, width=18)
    first_seen_at = Column(_("First seen (Gregorian)"), reads="first_seen_at", kind=Kind.MOMENT, width=22)
    last_seen = Column(_("Last seen (Jalali)"), reads="last_seen_at", kind=Kind.JALALI, width=18)
    last_seen_at = Column(_("Last seen (Gregorian)"), reads="last_seen_at", kind=Kind.MOMENT, width=22)
    bot = Column(_("Bot"), reads="bot__name", width=22)
    bot_slug = Column(_("Bot's short name"), reads="bot__slug", width=18)
    candidate = Column(_("Candidate"), reads="bot__candidate__name", width=22)
    region = Column(
        _("Region"), reads="bot__candidate__region", kind=Kind.CHOICE, words=lambda: dict(region_choices()), width=14
    )

    class Meta:
        model = BotUser
        # Named one by one, so that a new field of the model is exported only after somebody has thought about it.
        fields = export_order = (
            "platform_user_id", "first_name", "last_name", "username", "language_code", "phone", "city", "source",
            "is_blocked", "click_count", "message_count", "first_seen", "first_seen_at", "last_seen", "last_seen_at",
            "bot", "bot_slug", "candidate", "region",
        )  # fmt: skip
