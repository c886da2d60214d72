"""What the commands about one bot share."""

import argparse

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from bots.models import Bot
from common.management.operator_command import OperatorCommand


def find_bot(slug: str) -> Bot:
    """The bot of that name. Raises CommandError that tells which there are."""
    bot = Bot.objects.select_related("candidate").filter(slug=slug).first()
    if bot is None:
        known = ", ".join(Bot.objects.values_list("slug", flat=True)[:20]) or "–"
        raise CommandError(_("No bot is called “%(slug)s”. There are: %(known)s") % {"slug": slug, "known": known})
    return bot


class BotCommand(OperatorCommand):
    """A command whose first argument is a bot's short name."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("slug", help="the bot's short name, as the admin lists it")
