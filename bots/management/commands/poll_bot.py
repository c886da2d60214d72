import argparse
import time
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from bots.api.client import BotApi, BotApiError
from bots.management.commands._bot_command import BotCommand, find_bot
from bots.models import Bot
from bots.services.polling import fetch_updates
from common.errors import DomainError

LONGEST_PAUSE_SECONDS = 60


class Command(BotCommand):
    help = "Fetch a bot's updates from the platform until Ctrl-C, for places without a public address."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--once", action="store_true", help="fetch what waits now, and end")
        parser.add_argument("--wait-seconds", type=int, default=25, help="how long one call waits for updates")

    def handle(self, *, slug: str, once: bool, wait_seconds: int, **options: Any) -> None:
        bot = find_bot(slug)
        try:
            with BotApi.of(bot) as api:
                if once:
                    self._fetch(bot, api, wait_seconds=0)
                else:
                    self.stdout.write(_("Fetching updates of “%(slug)s”; Ctrl-C ends it.") % {"slug": slug})
                    self._fetch_until_stopped(bot, api, wait_seconds)
        except DomainError as error:
            raise CommandError(_explain(error)) from error
        except KeyboardInterrupt:
            self.stdout.write(_("Stopped."))

    def _fetch(self, bot: Bot, api: BotApi, *, wait_seconds: int) -> None:
        stored = fetch_updates(bot=bot, api=api, wait_seconds=wait_seconds)
        if stored.new or stored.known or not wait_seconds:
            words = _("%(new)d new updates stored, %(known)d were known already.")
            self.stdout.write(words % {"new": stored.new, "known": stored.known})

    def _fetch_until_stopped(self, bot: Bot, api: BotApi, wait_seconds: int) -> None:
        pause_seconds = 1
        while True:
            try:
                self._fetch(bot, api, wait_seconds=wait_seconds)
                pause_seconds = 1
            except BotApiError as error:
                if not error.is_passing:
                    raise
                wait = error.extra.get("retry_after_seconds") or pause_seconds
                self.stderr.write(_("%(error)s Trying again in %(wait)d s.") % {"error": error, "wait": wait})
                time.sleep(wait)
                pause_seconds = min(pause_seconds * 2, LONGEST_PAUSE_SECONDS)


def _explain(error: DomainError) -> str:
    status = error.extra.get("status")
    if status == 401:
        return _("%(error)s The token is wrong or was revoked: enter the new one in the admin.") % {"error": error}
    if status == 409:
        return _("%(error)s Remove the webhook first: manage.py set_webhook SLUG --delete") % {"error": error}
    return str(error)
