"""People, and their chats with a bot."""

from collections import deque
from typing import Any

import msgspec

MESSAGES_KEPT = 100  # of each chat; older ones can't be read or edited any more


class Person(msgspec.Struct, kw_only=True):
    """Somebody with an account at the platform."""

    id: int
    first_name: str = "مریم"
    last_name: str = ""
    username: str = ""
    language_code: str = "fa"
    phone: str = ""
    is_deactivated: bool = False

    def as_user(self) -> dict[str, Any]:
        """As the API tells of a User."""
        told = {"last_name": self.last_name, "username": self.username, "language_code": self.language_code}
        named = {name: value for name, value in told.items() if value}
        return {"id": self.id, "is_bot": False, "first_name": self.first_name, **named}


class Chat:
    """A person's chat with a bot, or a group that the bot is in."""

    def __init__(self, chat_id: int, *, person: Person | None = None, title: str = "") -> None:
        self.id, self.person, self.title = chat_id, person, title
        self.is_blocked = False
        self.messages: deque[dict[str, Any]] = deque(maxlen=MESSAGES_KEPT)

    @property
    def is_group(self) -> bool:
        return self.person is None

    def as_chat(self) -> dict[str, Any]:
        """As the API tells of a Chat."""
        if self.person is None:
            return {"id": self.id, "type": "group", "title": self.title}
        named = {"last_name": self.person.last_name, "username": self.person.username}
        told = {name: value for name, value in named.items() if value}
        return {"id": self.id, "type": "private", "first_name": self.person.first_name, **told}

    def find(self, message_id: int) -> dict[str, Any] | None:
        """A message of this chat, from either side."""
        return next((message for message in reversed(self.messages) if message["message_id"] == message_id), None)
