"""One bot as the platform keeps it."""

import itertools
from typing import Any

from bots.testing.bot_api.arguments import Arguments
from bots.testing.bot_api.clock import Clock
from bots.testing.bot_api.limits import FloodGate, Limits
from bots.testing.bot_api.people import Chat, Person
from bots.testing.bot_api.polling import Polling
from bots.testing.bot_api.polls import LivePoll
from bots.testing.bot_api.refusals import bad_request, forbidden
from bots.testing.bot_api.updates import UpdateQueue, Waiting
from bots.testing.bot_api.webhook import WebhookSender

ANSWERABLE_SECONDS = 15 * 60  # how long a pressed button may be answered; the real server doesn't say how long


class BotAccount:
    """Its chats, polls and updates. The token's digits are its number, as at Telegram."""

    def __init__(self, token: str, people: dict[int, Person], clock: Clock, limits: Limits) -> None:
        self.token, self.clock, self._people = token, clock, people
        self.id = int(token.partition(":")[0])
        self.chats: dict[int, Chat] = {}
        self.polls: dict[str, LivePoll] = {}
        self.pressed: dict[str, float] = {}
        self.file_ids: set[str] = set()
        self.gate = FloodGate(limits, clock)
        self.updates = UpdateQueue(clock, self._on_new)
        self.polling = Polling(self.updates, clock)
        self.webhook = WebhookSender(self.updates, clock)
        self._numbers = itertools.count(int(clock.now()))

    def _on_new(self, waiting: Waiting) -> None:
        self.webhook.notice(waiting)
        self.polling.wake()

    def next_number(self) -> int:
        """A number for a message, a poll or a pressed button."""
        return next(self._numbers)

    def as_user(self) -> dict[str, Any]:
        """As the API tells of a User that is a bot."""
        return {"id": self.id, "is_bot": True, "first_name": "بات", "username": f"electionsite_{self.id}_bot"}

    def open_chat(self, person: Person) -> Chat:
        """The chat with a person, who has started it."""
        return self.chats.setdefault(person.id, Chat(person.id, person=person))

    def reachable_chat(self, arguments: Arguments) -> Chat:
        """The chat of `chat_id`. Raises Refusal when the bot may not write there."""
        if arguments.values.get("chat_id") in (None, ""):
            raise bad_request("chat_id is empty")
        try:
            chat_id = int(arguments.values["chat_id"])
        except (TypeError, ValueError):
            raise bad_request("chat not found") from None
        chat = self.chats.get(chat_id)
        if chat is None:
            known = chat_id in self._people
            raise forbidden("bot can't initiate conversation with a user") if known else bad_request("chat not found")
        if chat.person is not None and chat.person.is_deactivated:
            raise forbidden("user is deactivated")
        if chat.is_blocked:
            raise forbidden("bot was blocked by the user")
        return chat

    def is_answerable(self, callback_query_id: str) -> bool:
        """Whether a pressed button waits for an answer still; it is then answered."""
        pressed_at = self.pressed.pop(callback_query_id, None)
        return pressed_at is not None and self.clock.now() - pressed_at <= ANSWERABLE_SECONDS
