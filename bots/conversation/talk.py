"""What a bot answers to an update, decided from values alone: the facts, the person as they stand, the setting.

What the conversation learns about a person (consent, that they want no more messages, that they asked to be erased)
is put down in their state, which the projection saves with everything else.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bots.conversation import keyboards
from bots.conversation.book import Book
from bots.conversation.words import label, language_of
from bots.models import Poll
from bots.projection.interpret import Facts, Press, split_command
from bots.projection.people import PersonState

HINT_EVERY = dt.timedelta(hours=1)
PAUSED_WORD_EVERY = dt.timedelta(days=1)
MY_DATA = "my_data"


@dataclass(frozen=True, slots=True)
class Answer:
    """A call of the Bot API in the making: `key` names its text, `values` are what is known for it already.

    `of_contribution` waits for the number that the person's contribution gets, `of_poll` is a poll of ours.
    """

    method: str
    language: str
    key: str = ""
    values: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, Any] = field(default_factory=dict)
    of_contribution: bool = False
    of_poll: int | None = None


@dataclass(slots=True)
class Setting:
    """Where a conversation takes place. `open_polls` reads them when somebody asks."""

    book: Book
    now: dt.datetime
    is_paused: bool
    open_polls: Callable[[], list[Poll]]


class Talk:
    """One person's turn: reads their state, changes it, and collects what is said."""

    def __init__(self, fact: Facts, state: PersonState, setting: Setting) -> None:
        self._fact, self._state, self._setting = fact, state, setting
        self._language = language_of(state.language_code)
        self.answers: list[Answer] = []

    def decide(self, contribution_kind: str) -> list[Answer]:
        """The answers to the update, in order; `contribution_kind` where it has become a contribution."""
        press = self._fact.press
        is_silent = self._state.is_blocked or self._state.forget_asked_at is not None
        if is_silent or (press is not None and not press.is_private):
            self._acknowledge(press)
        elif self._setting.is_paused:
            self._acknowledge(press)
            self._say_once_in("paused", PAUSED_WORD_EVERY)
        elif press is not None:
            self._answer_press(press)
        elif self._fact.message is not None:
            self._answer_message(contribution_kind)
        return self.answers

    # Messages.

    def _answer_message(self, contribution_kind: str) -> None:
        message = self._fact.message
        command, _argument = split_command((message.text if message else None) or "")
        if contribution_kind:
            kind = label(contribution_kind, self._language)
            self._say("thanks", {"kind": kind}, keyboard=keyboards.to_menu(self._language), of_contribution=True)
        elif command in COMMANDS:
            COMMANDS[command](self)
        elif message is not None and message.contact is not None:
            saved = "phone_saved" if self._fact.phone is not None else "phone_of_other"
            self._say(saved, keyboard=keyboards.REMOVED)
        elif self._needs_consent():
            self._say_once_in("consent", HINT_EVERY)
        else:
            self._say_once_in("hint", HINT_EVERY)

    def _start(self) -> None:
        self._state.stopped_at = None
        if self._needs_consent():
            self._ask_consent()
        else:
            self._say("welcome", keyboard=keyboards.menu(self._language))

    def _help(self) -> None:
        self._say("help")

    def _my_data(self) -> None:
        self._say(MY_DATA)

    def _forget(self) -> None:
        self._say("forget", keyboard=keyboards.forget(self._language))

    def _stop(self) -> None:
        self._state.stopped_at = self._setting.now
        self._say("stopped")

    # Buttons.

    def _answer_press(self, press: Press) -> None:
        name, _separator, value = self._fact.click_data.partition(":")
        if name == "poll" and not self._needs_consent():
            self._send_poll(press, value)
            return
        known = name in BUTTONS or name == "poll"
        self._acknowledge(press, "" if known else label("old_button", self._language))
        if not known:
            return
        if self._needs_consent() and name not in ("agree", "forget"):
            self._ask_consent()
        else:
            BUTTONS[name](self, value)

    def _agree(self, version: str) -> None:
        if version not in self._setting.book.consent_versions:  # it was changed while they read
            self._ask_consent()
            return
        self._state.consent_version, self._state.consented_at = version, self._setting.now
        self._show("welcome", keyboard=keyboards.menu(self._language))

    def _show_place(self, place: str) -> None:
        language = self._language
        if place == "phone":  # the key that shares a number can't stand below a message that is changed
            self._say("phone", keyboard=keyboards.share_phone(language))
        elif place == "polls":
            found = self._setting.open_polls()
            self._show("polls" if found else "no_polls", keyboard=keyboards.polls(language, found))
        elif place in PLACES:
            self._show(place, keyboard=PLACES[place](language))
        else:
            self._show("menu", keyboard=keyboards.menu(language))

    def _contribute(self, kind: str) -> None:
        if kind in keyboards.KINDS:
            self._show("prompt", {"kind": label(kind, self._language)})
        else:
            self._show_place("contribute")

    def _turn_cities(self, page: str) -> None:
        number = int(page) if page.isdecimal() and len(page) < 4 else 0
        self._show("city", keyboard=keyboards.cities(self._language, number))

    def _city(self, code: str) -> None:
        name = keyboards.city_named(code, self._language)
        if name:
            self._show("city_saved", {"city": name}, keyboard=keyboards.menu(self._language))
        else:
            self._show_place("city")

    def _answer_forget(self, value: str) -> None:
        if value != "yes":
            self._show_place("menu")
            return
        self._state.forget_asked_at = self._setting.now
        self._show("forgotten")

    def _send_poll(self, press: Press, value: str) -> None:
        poll = next((poll for poll in self._setting.open_polls() if str(poll.pk) == value), None)
        self._acknowledge(press, "" if poll else label("poll_over", self._language))
        if poll is None:
            return
        arguments = {
            "question": poll.question,
            "options": [{"text": option.text} for option in poll.options.all()],
            "is_anonymous": False,  # else the platform tells no votes
            "allows_multiple_answers": poll.allows_multiple_answers,
        }
        self.answers.append(Answer("sendPoll", self._language, arguments=arguments, of_poll=poll.pk))

    # Saying it.

    def _needs_consent(self) -> bool:
        return self._state.consent_version not in self._setting.book.consent_versions

    def _ask_consent(self) -> None:
        version = self._setting.book.consent_version(self._language)
        self._show("consent", keyboard=keyboards.consent(self._language, version))

    def _say_once_in(self, key: str, pause: dt.timedelta) -> None:
        """Help, but not each time: who writes ten messages in a row reads one answer."""
        if self._state.hinted_at is not None and self._setting.now - self._state.hinted_at < pause:
            return
        self._state.hinted_at = self._setting.now
        if key == "consent":
            self._ask_consent()
        else:
            self._say(key, keyboard=keyboards.to_menu(self._language) if key == "hint" else None)

    def _acknowledge(self, press: Press | None, text: str = "") -> None:
        """Until a press is answered, the messenger shows that it waits."""
        if press is not None and press.query_id:
            arguments = {"callback_query_id": press.query_id, **({"text": text} if text else {})}
            self.answers.append(Answer("answerCallbackQuery", self._language, arguments=arguments))

    def _say(
        self,
        key: str,
        values: dict[str, str] | None = None,
        *,
        keyboard: keyboards.Keyboard | None = None,
        message_id: int | None = None,
        of_contribution: bool = False,
    ) -> None:
        known = {"first_name": self._state.first_name or label("friend", self._language), **(values or {})}
        arguments: dict[str, Any] = {"reply_markup": keyboard} if keyboard else {}
        method = "sendMessage"
        if message_id is not None:
            method, arguments = "editMessageText", {"message_id": message_id, **arguments}
        self.answers.append(Answer(method, self._language, key, known, arguments, of_contribution))

    def _show(
        self, key: str, values: dict[str, str] | None = None, *, keyboard: keyboards.Keyboard | None = None
    ) -> None:
        """In the message whose button was pressed, where it can be changed; else in a new one."""
        press = self._fact.press
        self._say(key, values, keyboard=keyboard, message_id=press.message_id if press else None)


PLACES: dict[str, Callable[[str], keyboards.Keyboard]] = {
    "contribute": keyboards.kinds,
    "city": lambda language: keyboards.cities(language, 0),
    "contact": keyboards.contact,
    "about": keyboards.to_menu,
}
COMMANDS: dict[str, Callable[[Talk], None]] = {
    "/start": Talk._start,
    "/menu": Talk._start,
    "/help": Talk._help,
    "/mydata": Talk._my_data,
    "/forget": Talk._forget,
    "/stop": Talk._stop,
}
BUTTONS: dict[str, Callable[[Talk, str], None]] = {
    "agree": Talk._agree,
    "show": Talk._show_place,
    "contribute": Talk._contribute,
    "cities": Talk._turn_cities,
    "city": Talk._city,
    "forget": Talk._answer_forget,
}
