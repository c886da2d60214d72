"""One citizen: who they are, and what they do next."""

from random import Random
from typing import Any

import msgspec

from bots.testing.bot_api.people import Person
from bots.testing.citizens.words import CITIES, CONTRIBUTIONS, FIRST_NAMES, LAST_NAMES, SOURCES, TALK

FIRST_NUMBER = 7_000_000_000  # like those of people who joined lately, and nobody's
LANGUAGES = ("fa",) * 17 + ("en", "en", "az")


class Deed(msgspec.Struct, frozen=True):
    """An act of the control addresses with its arguments."""

    act: str
    arguments: dict[str, Any] = {}


class Citizen:
    """Their numbers, names and wishes depend on the seed only; what they do, also on what the bot shows them."""

    def __init__(self, number: int, seed: int, tokens: list[str]) -> None:
        # Made-up people need no cryptographic chance, and with one they couldn't be had again.
        self._chance = Random(f"{seed}/{number}")  # noqa: S311
        chance = self._chance
        self.token = chance.choice(tokens)
        self.city = chance.choice(CITIES)
        self.person = Person(
            id=FIRST_NUMBER + seed * 1_000_000 + number,
            first_name=chance.choice(FIRST_NAMES),
            last_name=chance.choice(LAST_NAMES) if chance.random() < 0.7 else "",
            username=f"citizen_{seed}_{number}" if chance.random() < 0.6 else "",
            language_code=chance.choice(LANGUAGES),
            phone=f"98912{chance.randrange(10**7):07}",
        )
        self.has_started = self.has_blocked = self.has_shared_contact = False
        self._message: dict[str, Any] | None = None
        self._contributes = ""

    def see(self, message: dict[str, Any]) -> None:
        """The bot has shown them a message."""
        self._message = message

    def next_deed(self) -> Deed:
        """What they do now."""
        if not self.has_started or self.has_blocked:
            self.has_started, self.has_blocked = True, False
            return Deed("start", {"payload": self._chance.choice(SOURCES)})
        if self._contributes:
            kind, self._contributes = self._contributes, ""
            return self._write(CONTRIBUTIONS[kind])
        message, self._message = self._message, None
        if message is not None and self._chance.random() < 0.8 and (deed := self._react(message)):
            return deed
        return self._do_unasked()

    def _do_unasked(self) -> Deed:
        chance = self._chance.random()
        if chance < 0.03:
            self.has_blocked = True
            return Deed("block")
        if chance < 0.12 and not self.has_shared_contact:
            return self._share_contact()
        if chance < 0.2:
            return Deed("start")
        return self._write(TALK)

    def _react(self, message: dict[str, Any]) -> Deed | None:
        """Use what a message offers: its poll, or one of its buttons."""
        if "poll" in message:
            return self._vote(message["poll"])
        keyboard = message.get("reply_markup", {})
        buttons = [button for row in keyboard.get("inline_keyboard", []) for button in row if "callback_data" in button]
        if buttons:
            return self._press(message["message_id"], self._chance.choice(buttons)["callback_data"])
        keys = [key for row in keyboard.get("keyboard", []) for key in row]
        if not keys:
            return None
        key = self._chance.choice(keys)
        if isinstance(key, dict) and key.get("request_contact"):
            return self._share_contact()
        return Deed("write", {"text": key["text"] if isinstance(key, dict) else key})

    def _press(self, message_id: int, data: str) -> Deed:
        kind = data.removeprefix("contribute:")
        self._contributes = kind if kind in CONTRIBUTIONS else ""
        return Deed("press", {"message_id": message_id, "data": data})

    def _vote(self, poll: dict[str, Any]) -> Deed | None:
        if poll["is_closed"]:
            return None
        takes_back = self._chance.random() < 0.05
        chosen = [] if takes_back else [self._chance.randrange(len(poll["options"]))]
        return Deed("vote", {"poll_id": poll["id"], "option_ids": chosen})

    def _share_contact(self) -> Deed:
        self.has_shared_contact = True
        return Deed("share_contact")

    def _write(self, texts: tuple[str, ...]) -> Deed:
        return Deed("write", {"text": self._chance.choice(texts).format(city=self.city)})
