"""How a bot is, in a few words."""

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from bots.models import Bot, BotHealth


def health_of(bot: Bot) -> BotHealth:
    """What is known of a bot's health; of a new one nothing."""
    try:
        return bot.health
    except BotHealth.DoesNotExist:
        return BotHealth(bot=bot)


def state_of(bot: Bot) -> str:
    """The most important thing to know about a bot now, as lists show it."""
    if bot.paused_at is not None:
        return _("Paused: the candidate has no running plan.")
    if not bot.token_index:
        return _("It has no token yet.")
    troubles = health_of(bot).troubles_in_words
    if troubles:
        return str(troubles[0])
    if bot.receives_by == Bot.Way.POLLING:
        return _("Works: its updates are fetched.")
    return _("Works: its updates are sent here.") if bot.webhook_url else _("Not connected yet.")


def needing_care(bots: "QuerySet[Bot]") -> "QuerySet[Bot]":
    """Those that are paused or have trouble."""
    return bots.filter(Q(paused_at__isnull=False) | Q(health__troubles__len__gt=0))
