"""A conversation as it truly goes: a person acts at the test server, which tells our intake; a worker handles it, and
the sender carries the answers back to the person's chat."""

from collections.abc import Iterator
from typing import Any

import pytest
from constance import config
from django.core.management import call_command

from accounts.testing import make_candidate
from bots.models import Bot
from bots.projection.worker import project_inbox
from bots.services.bots import create_bot, set_webhook
from bots.testing.bot_api.limits import NO_LIMITS
from bots.testing.bot_api.people import Person
from bots.testing.bot_api.server import BotApiServer
from bots.testing.intake import RunningIntake
from bots.tests.broadcasting import TOKEN
from common.testing.processes import wait_until

CANDIDATE = "رضا رضایی"
SHOWING = ("sendMessage", "editMessageText", "sendPoll")


class Chat:
    """One person's chat with the bot, from the person's side."""

    def __init__(self, messenger: BotApiServer, person: Person) -> None:
        self.messenger, self.person = messenger, person
        messenger.add_people([person])

    def act(self, act: str, **arguments: Any) -> Any:
        """Do something, and let everybody do what they do about it."""
        result = self.messenger.act(TOKEN, self.person.id, act, **arguments)
        settle(self.messenger)
        return result

    def start(self, payload: str = "") -> None:
        self.act("start", payload=payload)

    def write(self, text: str) -> None:
        self.act("write", text=text)

    def press(self, data: str) -> None:
        """Press the newest button that says this to the bot."""
        shown = [message for message in self.messages() if data in buttons_of(message)]
        self.act("press", message_id=shown[-1]["message_id"], data=data)

    def agree(self) -> None:
        """Begin, and agree to the text that is shown."""
        self.start()
        self.press(next(data for data in buttons_of(self.said()) if data.startswith("agree:")))

    def messages(self) -> list[dict[str, Any]]:
        """What stands in the chat, from both sides."""
        return self.messenger.messages(TOKEN, self.person.id)

    def said(self) -> dict[str, Any]:
        """What the bot said last, be it in a new message or in one that it changed."""
        shown = [arguments for method, arguments in self.messenger.calls if method in SHOWING]
        return next(arguments for arguments in reversed(shown) if int(arguments["chat_id"]) == self.person.id)

    def text(self) -> str:
        return str(self.said().get("text", ""))

    def count(self) -> int:
        """How many messages of the bot stand in the chat."""
        return sum(1 for message in self.messages() if message["from"]["is_bot"])


def buttons_of(message: dict[str, Any]) -> list[str]:
    """The data of a message's buttons, in order."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button["callback_data"] for row in rows for button in row if "callback_data" in button]


def settle(messenger: BotApiServer) -> None:
    """Until the platform has nothing to deliver and the bot nothing to say."""
    assert wait_until(lambda: messenger.waiting(TOKEN) == [], 30)
    project_inbox()
    call_command("send_broadcasts", "--until-idle")


@pytest.fixture
def messenger(settings: Any) -> Iterator[BotApiServer]:
    """A platform that lets bots send as fast as they like."""
    with BotApiServer(TOKEN, limits=NO_LIMITS, is_local_mode=True) as running:
        settings.BOT_API_SERVERS = [running.root]
        yield running


@pytest.fixture
def talking_bot(messenger: BotApiServer, intake: RunningIntake) -> Bot:
    """A bot at the platform, whose updates come in by the webhook."""
    config.BROADCAST_CHAT_SECONDS = 0
    candidate = make_candidate("tehran", name=CANDIDATE)
    bot = create_bot(
        candidate=candidate, slug="tehran-1", name="Tehran", token=TOKEN, api_root=messenger.root, actor=None
    )
    set_webhook(bot=bot, actor=None, public_url=intake.url)
    intake.look()
    return bot


@pytest.fixture
def maryam(messenger: BotApiServer, talking_bot: Bot) -> Chat:
    """Somebody who uses their messenger in Persian."""
    return Chat(messenger, Person(id=7, first_name="مریم", phone="+989121234567"))


@pytest.fixture
def john(messenger: BotApiServer, talking_bot: Bot) -> Chat:
    """Somebody who uses it in English."""
    return Chat(messenger, Person(id=8, first_name="John", language_code="en-GB", phone="+989127654321"))
