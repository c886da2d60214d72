"""What a discount comes to, which codes are the same, and whether a campaign runs: decisions from values alone."""

import datetime as dt
import unicodedata

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.jalali import latin_digits
from plans.models import DiscountCampaign

# The same letter to a reader, but of an Arabic and of a Persian keyboard.
_PERSIAN_LETTERS = str.maketrans("يىك", "ییک")


class CampaignState(models.TextChoices):
    """How a campaign stands at a moment."""

    RUNNING = "running", _("running")
    TO_COME = "to_come", _("to come")
    OVER = "over", _("over")
    USED_UP = "used_up", _("used up")
    OFF = "off", _("off")


def code_key(code: str) -> str:
    """What two spellings of a campaign's code have in common: their letters and digits.

    Case, spaces and dashes don't count, nor does whether digits are Persian, Arabic or Latin, or full-width, or
    whether a letter came from an Arabic or a Persian keyboard.
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", code).casefold())
    return "".join(sign for sign in latin_digits(folded).translate(_PERSIAN_LETTERS) if sign.isalnum())


def discounted_price(*, price_rials: int, kind: str, value: int) -> int:
    """The price in rials after a discount of `value` per cent or rials; never below zero.

    A part of a rial is left with the seller: 33 per cent off 10 rials leaves 7.
    """
    off = price_rials * value // 100 if kind == DiscountCampaign.Kind.PERCENT else value
    return max(0, price_rials - off)


def campaign_state(campaign: DiscountCampaign, now: dt.datetime) -> CampaignState:
    """How `campaign` stands at `now`. Its last moment, `ends_at`, no longer belongs to it."""
    if not campaign.is_active:
        return CampaignState.OFF
    if now >= campaign.ends_at:
        return CampaignState.OVER
    if campaign.uses_at_most is not None and campaign.use_count >= campaign.uses_at_most:
        return CampaignState.USED_UP
    return CampaignState.TO_COME if now < campaign.starts_at else CampaignState.RUNNING
