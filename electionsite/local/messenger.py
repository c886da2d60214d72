"""The messenger of one's own machine: a Bot API server to test against, and citizens who use the demo bots there."""

import os
import sys

from django.conf import settings

from bots.models import Bot
from bots.services.bots import set_webhook, use_server
from common.environment import PROJECT_DIR
from electionsite.local.demo import CANDIDATES
from electionsite.local.web import HOST

MESSENGER_PORT = 8081  # or the next free one
CITIZENS = 300
ACTS_A_SECOND = 2
FIRST_NUMBER = 1_000_000
MADE_UP = ":made-up"


def name_test_server(port: int) -> str:
    """Let this process and those that it starts talk to the test server on that port; returns the server's address."""
    root = f"http://{HOST}:{port}"
    settings.BOT_API_SERVERS = [root, *settings.BOT_API_SERVERS]
    os.environ["ELECTIONSITE_BOT_API_SERVERS"] = ",".join(settings.BOT_API_SERVERS)
    return root


def use_test_server(root: str) -> list[Bot]:
    """Have the demo bots talk to it; returns them. A bot that somebody has given a real token is left alone."""
    slugs = [code for code, *_rest in CANDIDATES]
    bots = Bot.objects.select_related("candidate").filter(slug__in=slugs).order_by("pk")
    ours = [bot for bot in bots if not bot.token or bot.token.endswith(MADE_UP)]
    for bot in ours:
        use_server(bot=bot, api_root=root, token=f"{FIRST_NUMBER + bot.pk}{MADE_UP}", actor=None)
    return ours


def connect_bots(bots: list[Bot], webhook_root: str) -> None:
    """Have the test server send their updates here, unless staff chose to have them fetched."""
    for bot in bots:
        if bot.receives_by == Bot.Way.WEBHOOK:
            set_webhook(bot=bot, actor=None, public_url=webhook_root)


def messenger_processes(port: int) -> dict[str, list[str]]:
    """The commands of the test server and of its citizens."""
    citizens = ["--people", str(CITIZENS), "--rate", str(ACTS_A_SECOND)]
    return {
        "testapi": [sys.executable, "-m", "bots.testing.bot_api", "--port", str(port)],
        "people": [sys.executable, str(PROJECT_DIR / "manage.py"), "simulate_citizens", *citizens],
    }
