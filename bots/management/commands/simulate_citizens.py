import argparse
import time
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from bots.models import Bot
from bots.testing.bot_api.controls import Controls
from bots.testing.citizens.town import Town
from common.management.operator_command import OperatorCommand

WAIT_SECONDS = 60.0
LOOK_EVERY_SECONDS = 0.5


class Command(OperatorCommand):
    help = (
        "Have made-up citizens use the bots of a test server (python -m bots.testing.bot_api), which sends their "
        "updates to our webhooks, until Ctrl-C. Not in production."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--people", type=int, default=500, help="how many citizens there are")
        parser.add_argument("--rate", type=float, default=20.0, help="how many acts a second they do together")
        parser.add_argument("--acts", type=int, default=0, help="end after so many acts; 0 goes on until Ctrl-C")
        parser.add_argument("--seed", type=int, default=1, help="another one gives other people")
        parser.add_argument("--server", default="", help="the test server, instead of ELECTIONSITE_BOT_API_SERVERS")

    def handle(self, *, people: int, rate: float, acts: int, seed: int, server: str, **options: Any) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError(_("Made-up citizens don't run in production."))
        if people < 1 or rate <= 0 or not 0 <= seed < 1_000:
            raise CommandError(_("People and rate must be above zero, and the seed from 0 to 999."))
        root = (server or next(iter(settings.BOT_API_SERVERS), "")).rstrip("/")
        tokens = [bot.token for bot in Bot.objects.filter(api_root=root).order_by("pk") if bot.token] if root else []
        if not tokens:
            raise CommandError(_("No bot with a token uses a test server: enter its address at the bot first."))
        controls = Controls(root)
        town = Town(controls, tokens, people=people, seed=seed)
        try:
            self._wait_for(controls)
            town.settle()
            self._go_on(town, rate, acts)
        except KeyboardInterrupt:
            self.stdout.write(_("Stopped."))
        except httpx.TransportError as error:
            raise CommandError(_("The test server at %(server)s is gone.") % {"server": root}) from error
        finally:
            controls.close()
            self._summarise(town)

    def _wait_for(self, controls: Controls) -> None:
        give_up_at = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                controls.shown_count()
                return
            except httpx.TransportError:
                if time.monotonic() > give_up_at:
                    raise
                time.sleep(0.2)

    def _go_on(self, town: Town, rate: float, acts: int) -> None:
        due = looked_at = time.monotonic()
        with tqdm(total=acts or None, unit=" acts", disable=None) as bar:
            while not acts or town.done.total() < acts:
                town.act()
                bar.update()
                now = time.monotonic()
                if now - looked_at >= LOOK_EVERY_SECONDS:
                    town.look()
                    looked_at = now
                due = max(due + 1 / rate, now - 1)  # who can't keep up doesn't rush for long afterwards
                time.sleep(max(0.0, due - now))

    def _summarise(self, town: Town) -> None:
        for act, count in sorted(town.done.items()):
            self.stdout.write(f"{count:>9,}  {act}")
        self.stdout.write(_("%(count)d messages of bots seen.") % {"count": town.messages_seen})
