import datetime as dt
from typing import Any

from django.utils.translation import gettext_lazy as _
from import_export.widgets import IntegerWidget

from bots.models import BotUser
from common.regions import city_choices, region_choices
from exports.resources.columns import Column, ExportResource, jalali, yes_or_no

PHONE = "phone"

# Every other field of BotUser is a column. A test fails when a new one is neither.
LEFT_OUT = {
    "id": "a row's number in this database; the bot and the platform's number name a person everywhere",
    "phone_index": "a keyed fingerprint to look phones up by; it says nothing to people",
    "next_text_is": "what the bot waits for next; a state of the conversation, not of the person",
    "stopped_at": "a person's wish to the bot, which broadcasts obey",
    "hinted_at": "when the bot helped last; a state of the conversation, not of the person",
    "forget_asked_at": "who asked to be erased is gone within minutes",
    "created_at": "when the row came to be, for restores only",
    "consent_version": "a proof, looked up in the admin when somebody asks for it",
    "consented_at": "as consent_version",
}


class BotUserResource(ExportResource):
    """The people of the bots; phone numbers only where asked for, and then the caller has checked the permission."""

    platform_user_id = Column(_("Platform's user number"), attribute="platform_user_id", width=16)
    first_name = Column(_("First name"), attribute="first_name", width=18)
    last_name = Column(_("Last name"), attribute="last_name", width=18)
    username = Column(_("Username"), attribute="username", width=18)
    language_code = Column(_("Language"), attribute="language_code", width=10)
    phone = Column(_("Phone"), attribute="phone", width=16)
    city = Column(_("City"), attribute="city", width=14)
    source = Column(_("Source"), attribute="source", width=16)
    is_blocked = Column(_("Has blocked the bot"), attribute="is_blocked", width=12)
    click_count = Column(_("Clicks"), attribute="click_count", widget=IntegerWidget(), width=10)
    message_count = Column(_("Messages"), attribute="message_count", widget=IntegerWidget(), width=10)
    first_seen = Column(_("First seen (Jalali)"), attribute="first_seen_at", width=18)
    first_seen_at = Column(_("First seen (Gregorian)"), attribute="first_seen_at", width=22)
    last_seen = Column(_("Last seen (Jalali)"), attribute="last_seen_at", width=18)
    last_seen_at = Column(_("Last seen (Gregorian)"), attribute="last_seen_at", width=22)
    bot = Column(_("Bot"), attribute="bot__name", width=22)
    bot_slug = Column(_("Bot's short name"), attribute="bot__slug", width=18)
    candidate = Column(_("Candidate"), attribute="bot__candidate__name", width=22)
    region = Column(_("Region"), attribute="bot__candidate__region", width=14)

    class Meta:
        model = BotUser
        # Named one by one, so that a new field of the model is exported only after somebody has thought about it.
        fields = export_order = (
            "platform_user_id", "first_name", "last_name", "username", "language_code", "phone", "city", "source",
            "is_blocked", "click_count", "message_count", "first_seen", "first_seen_at", "last_seen", "last_seen_at",
            "bot", "bot_slug", "candidate", "region",
        )  # fmt: skip

    def __init__(self, *, with_phones: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.left_out = frozenset() if with_phones else frozenset({PHONE})
        self._cities = dict(city_choices())
        self._regions = dict(region_choices())
        self._flags = {flag: yes_or_no(flag) for flag in (True, False)}

    def dehydrate_platform_user_id(self, person: BotUser) -> str:
        """As text: it is a name, not a quantity, and Excel would write long ones as 1.2E+11."""
        return str(person.platform_user_id)

    def dehydrate_city(self, person: BotUser) -> str:
        return self._cities.get(person.city, person.city)

    def dehydrate_region(self, person: BotUser) -> str:
        region = person.bot.candidate.region
        return self._regions.get(region, region)

    def dehydrate_is_blocked(self, person: BotUser) -> str:
        return self._flags[person.is_blocked]

    def dehydrate_first_seen(self, person: BotUser) -> str:
        return jalali(person.first_seen_at)

    def dehydrate_first_seen_at(self, person: BotUser) -> dt.datetime:
        return person.first_seen_at

    def dehydrate_last_seen(self, person: BotUser) -> str:
        return jalali(person.last_seen_at)

    def dehydrate_last_seen_at(self, person: BotUser) -> dt.datetime:
        return person.last_seen_at
