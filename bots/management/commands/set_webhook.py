import argparse
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from bots.management.commands._bot_command import BotCommand, find_bot
from bots.services.bots import delete_webhook, set_webhook
from common.errors import DomainError


class Command(BotCommand):
    help = "Tell the platform to send a bot's updates to this system, or with --delete to keep them for polling."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--public-url", default="", help="instead of ELECTIONSITE_PUBLIC_URL")
        parser.add_argument("--delete", action="store_true", help="have no webhook; poll_bot needs this")

    def handle(self, *, slug: str, public_url: str, delete: bool, **options: Any) -> None:
        bot = find_bot(slug)
        try:
            if delete:
                delete_webhook(bot=bot, actor=None)
                self.stdout.write(self.style.SUCCESS(_("The webhook of “%(slug)s” is removed.") % {"slug": slug}))
            else:
                address = set_webhook(bot=bot, actor=None, public_url=public_url)
                self.stdout.write(self.style.SUCCESS(_("Updates now come to %(address)s") % {"address": address}))
        except DomainError as error:
            raise CommandError(str(error)) from error
