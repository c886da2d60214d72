"""The control addresses: `POST /control/NAME` with JSON. They tell the server what its people do and what goes wrong.

`controls.Controls` speaks to them from Python.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from bots.testing.bot_api.acts import Acts
from bots.testing.bot_api.clock import DrivenClock
from bots.testing.bot_api.failures import Failure
from bots.testing.bot_api.people import Chat, Person
from bots.testing.bot_api.platform import Platform
from bots.testing.bot_api.refusals import bad_request

PREFIX = "/control/"
ACTS = frozenset({"start", "write", "edit", "share_contact", "press", "vote", "block"})
MOST_SHOWN = 1000


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """A control that needs no more words."""


class AddBot(msgspec.Struct, forbid_unknown_fields=True):
    token: str


class AddPeople(msgspec.Struct, forbid_unknown_fields=True):
    """People of the platform; those who have a chat with the bot of `token` already, where one is named."""

    people: list[Person]
    token: str = ""


class AddGroup(msgspec.Struct, forbid_unknown_fields=True):
    token: str
    chat_id: int
    title: str


class Deactivate(msgspec.Struct, forbid_unknown_fields=True):
    person_id: int


class Act(msgspec.Struct, forbid_unknown_fields=True):
    """What a person does in a bot's chat: one of ACTS with its arguments."""

    token: str
    person_id: int
    act: str
    arguments: dict[str, Any] = {}


class ReadChat(msgspec.Struct, forbid_unknown_fields=True):
    token: str
    chat_id: int


class ReadShown(msgspec.Struct, forbid_unknown_fields=True):
    """What bots have shown to people since number `after`."""

    after: int = 0


class Seconds(msgspec.Struct, forbid_unknown_fields=True):
    seconds: float


class Give(msgspec.Struct, forbid_unknown_fields=True):
    """Updates that a bot gets as they are."""

    token: str
    updates: list[dict[str, Any]]


def _add_bot(platform: Platform, wish: AddBot) -> None:
    platform.add_bot(wish.token)


def _add_people(platform: Platform, wish: AddPeople) -> None:
    for person in wish.people:
        platform.people[person.id] = person
        if wish.token:
            platform.account(wish.token).open_chat(person)


def _add_group(platform: Platform, wish: AddGroup) -> None:
    platform.account(wish.token).chats[wish.chat_id] = Chat(wish.chat_id, title=wish.title)


def _deactivate(platform: Platform, wish: Deactivate) -> None:
    platform.people[wish.person_id].is_deactivated = True


def _act(platform: Platform, wish: Act) -> Any:
    person = platform.people.get(wish.person_id)
    if person is None or wish.act not in ACTS:
        raise bad_request("there is no such person or act")
    acts = Acts(platform.account(wish.token), person, platform.clock)
    return getattr(acts, wish.act)(**wish.arguments)


def _read_chat(platform: Platform, wish: ReadChat) -> list[dict[str, Any]]:
    chat = platform.account(wish.token).chats.get(wish.chat_id)
    return list(chat.messages) if chat else []


def _read_shown(platform: Platform, wish: ReadShown) -> list[Any]:
    new = min(platform.shown_count - wish.after, len(platform.shown))
    first = len(platform.shown) - new
    return [platform.shown[place] for place in range(first, min(first + MOST_SHOWN, len(platform.shown)))]


def _count_shown(platform: Platform, wish: Nothing) -> int:
    return platform.shown_count


def _calls(platform: Platform, wish: Nothing) -> list[Any]:
    return [(method, {name: _readable(value) for name, value in values.items()}) for method, values in platform.calls]


def _readable(value: Any) -> Any:
    return f"{len(value)} bytes" if isinstance(value, bytes) else value


def _faults(platform: Platform, wish: Nothing) -> list[str]:
    return list(platform.faults)


def _fail(platform: Platform, wish: Failure) -> None:
    platform.failures.plan(wish)


def _slow_down(platform: Platform, wish: Seconds) -> None:
    platform.failures.delay_seconds = wish.seconds


def _advance(platform: Platform, wish: Seconds) -> None:
    if not isinstance(platform.clock, DrivenClock):
        raise bad_request("this server goes by the machine's clock")
    platform.clock.advance(wish.seconds)


def _give(platform: Platform, wish: Give) -> None:
    for update in wish.updates:
        platform.account(wish.token).updates.add_ready(update)


def _waiting(platform: Platform, wish: AddBot) -> list[msgspec.Raw]:
    return [msgspec.Raw(waiting.body) for waiting in platform.account(wish.token).updates.all()]


CONTROLS: dict[str, tuple[type[msgspec.Struct], Callable[[Platform, Any], Any]]] = {
    "add_bot": (AddBot, _add_bot),
    "add_people": (AddPeople, _add_people),
    "add_group": (AddGroup, _add_group),
    "deactivate": (Deactivate, _deactivate),
    "act": (Act, _act),
    "read_chat": (ReadChat, _read_chat),
    "read_shown": (ReadShown, _read_shown),
    "count_shown": (Nothing, _count_shown),
    "calls": (Nothing, _calls),
    "faults": (Nothing, _faults),
    "fail": (Failure, _fail),
    "slow_down": (Seconds, _slow_down),
    "advance": (Seconds, _advance),
    "give": (Give, _give),
    "waiting": (AddBot, _waiting),
}
