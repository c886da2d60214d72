"""All bots and people of the server, and what its calls share."""

import re
from collections import deque
from typing import Any

import msgspec

from bots.testing.bot_api.account import BotAccount
from bots.testing.bot_api.clock import Clock
from bots.testing.bot_api.failures import Failures
from bots.testing.bot_api.limits import Limits
from bots.testing.bot_api.people import Chat, Person
from bots.testing.bot_api.refusals import Refusal

TOKEN = re.compile(r"\d{1,16}:[\w-]+", re.ASCII)
CALLS_KEPT = 10_000
SHOWN_KEPT = 20_000
FAULTS_KEPT = 100


class Shown(msgspec.Struct):
    """A message that has appeared in a chat or was changed there; `number` counts them."""

    number: int
    token: str
    chat_id: int
    message: dict[str, Any]


class Platform:
    """The state of the server. Only its own thread may touch it."""

    def __init__(self, *, clock: Clock, limits: Limits, is_local_mode: bool, takes_any_token: bool) -> None:
        self.clock, self.limits = clock, limits
        self.is_local_mode, self.takes_any_token = is_local_mode, takes_any_token
        self.people: dict[int, Person] = {}
        self.accounts: dict[str, BotAccount] = {}
        self.failures = Failures()
        self.calls: deque[tuple[str, dict[str, Any]]] = deque(maxlen=CALLS_KEPT)
        self.shown: deque[Shown] = deque(maxlen=SHOWN_KEPT)
        self.shown_count = 0
        self.faults: deque[str] = deque(maxlen=FAULTS_KEPT)

    def add_bot(self, token: str) -> BotAccount:
        """The bot of a token, new where there was none."""
        if token not in self.accounts:
            self.accounts[token] = BotAccount(token, self.people, self.clock, self.limits)
        return self.accounts[token]

    def account(self, token: str) -> BotAccount:
        """The bot of a token. Raises Refusal: 404 for what is no token at all, 401 for one that nobody has."""
        if not TOKEN.fullmatch(token):
            raise Refusal(404, "Not Found")
        if token not in self.accounts and not self.takes_any_token:
            raise Refusal(401, "Unauthorized")
        return self.add_bot(token)

    def show(self, account: BotAccount, chat: Chat, message: dict[str, Any]) -> None:
        """Let the people of a chat see a message of the bot."""
        self.shown_count += 1
        self.shown.append(Shown(self.shown_count, account.token, chat.id, dict(message)))
