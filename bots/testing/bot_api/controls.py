"""Telling a test server, in this process or another, what its people do and what goes wrong."""

from collections.abc import Iterable, Sequence
from typing import Any

import httpx
import msgspec

from bots.testing.bot_api.control import PREFIX
from bots.testing.bot_api.failures import Failure
from bots.testing.bot_api.people import Person

PEOPLE_AT_ONCE = 5_000


class ControlRefused(Exception):
    """The platform's apps wouldn't let a person do that, or there is no such person, chat or bot."""


class Controls:
    """`root` is the server's address, as a bot's `api_root` names it."""

    def __init__(self, root: str) -> None:
        self.root = root.rstrip("/")
        self._client = httpx.Client(base_url=self.root, trust_env=False, timeout=30)

    def close(self) -> None:
        self._client.close()

    def add_bot(self, token: str) -> None:
        """A bot with this token; its digits are the bot's number."""
        self._tell("add_bot", token=token)

    def add_people(self, people: Sequence[Person], *, token: str = "") -> None:
        """People of the platform, with a chat open already where a bot's token is given."""
        for start in range(0, len(people), PEOPLE_AT_ONCE):
            self._tell("add_people", people=people[start : start + PEOPLE_AT_ONCE], token=token)

    def add_group(self, token: str, chat_id: int, title: str) -> None:
        """A group that the bot is in."""
        self._tell("add_group", token=token, chat_id=chat_id, title=title)

    def deactivate(self, person_id: int) -> None:
        """A person gives up their account."""
        self._tell("deactivate", person_id=person_id)

    def act(self, token: str, person_id: int, act: str, **arguments: Any) -> Any:
        """Have a person do something in a bot's chat: start, write, edit, share_contact, press, vote or block.

        The arguments are those of `acts.Acts`. Raises ControlRefused for what the apps wouldn't let them do.
        """
        return self._tell("act", token=token, person_id=person_id, act=act, arguments=arguments)

    def messages(self, token: str, chat_id: int) -> list[dict[str, Any]]:
        """What stands in a chat, from both sides, the oldest first."""
        return list(self._tell("read_chat", token=token, chat_id=chat_id))

    def shown(self, *, after: int = 0) -> list[dict[str, Any]]:
        """What bots have shown to people since number `after`: number, token, chat_id and message of each."""
        return list(self._tell("read_shown", after=after))

    def shown_count(self) -> int:
        """How many messages bots have shown to people so far."""
        return int(self._tell("count_shown"))

    def waiting(self, token: str) -> list[dict[str, Any]]:
        """A bot's updates that nobody has taken yet."""
        return list(self._tell("waiting", token=token))

    def give(self, token: str, updates: Iterable[dict[str, Any]]) -> None:
        """Have a bot get these updates as they are."""
        self._tell("give", token=token, updates=list(updates))

    @property
    def calls(self) -> list[tuple[str, dict[str, Any]]]:
        """The latest calls of bots: method and arguments."""
        return [(method, arguments) for method, arguments in self._tell("calls")]

    @property
    def faults(self) -> list[str]:
        """How calls differed from the published schema."""
        return list(self._tell("faults"))

    def fail(self, status: int | None, **how: Any) -> None:
        """Have the next call fail; `how` as `failures.Failure` says. No status cuts the connection."""
        self._tell("fail", **msgspec.to_builtins(Failure(status=status, **how)))

    def slow_down(self, seconds: float) -> None:
        """Have every answer wait so long, until told otherwise."""
        self._tell("slow_down", seconds=seconds)

    def advance(self, seconds: float) -> None:
        """Move the time on, on a server with a clock that is driven."""
        self._tell("advance", seconds=seconds)

    def _tell(self, control: str, **wish: Any) -> Any:
        response = self._client.post(f"{PREFIX}{control}", content=msgspec.json.encode(wish))
        answer = msgspec.json.decode(response.content)
        if not answer["ok"]:
            raise ControlRefused(answer["description"])
        return answer["result"]
