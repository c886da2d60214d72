"""What an update means for us. Pure: bytes and the time of receipt in, facts out."""

import datetime as dt
from dataclasses import dataclass

from bots.projection.decode import (
    CallbackQuery,
    Message,
    Person,
    Poll,
    PollAnswer,
    Update,
    decode_update,
    kind_of,
)
from common.text import clean_code

CONTRIBUTION_KINDS = frozenset({"idea", "complaint", "volunteer", "report", "question"})
SOURCE_PREFIX = "src_"
LONGEST_SOURCE = 64
LONGEST_CITY = 32
_EARLIEST = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LATEST_SECONDS = 253_402_300_799  # the end of the year 9999
# In this order: a venue carries its location too, an animation its document.
MESSAGE_KINDS = (
    "text", "contact", "photo", "video", "voice", "audio", "animation", "document", "sticker", "video_note", "venue",
    "location", "poll", "dice", "story",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Press:
    """How a pressed button is answered: by the press's own number, and in the message that shows it.

    `message_id` is None where that message can't be changed: one that is too old comes without its date.
    """

    query_id: str
    message_id: int | None
    is_private: bool


@dataclass(slots=True)
class Facts:
    """What one update tells. A field that is None tells nothing.

    `may_be_answered` is set for what came lately and not from a file, `is_of_erased` for what must not be kept.
    """

    kind: str
    occurred_at: dt.datetime
    update_id: int | None = None
    person: Person | None = None
    click_kind: str | None = None
    click_data: str = ""
    message: Message | None = None
    edited_message: Message | None = None
    source: str | None = None
    city: str | None = None
    phone: str | None = None
    is_blocked: bool | None = None
    next_text_is: str | None = None
    poll: Poll | None = None
    vote: PollAnswer | None = None
    press: Press | None = None
    may_be_answered: bool = False
    is_of_erased: bool = False

    @property
    def is_used(self) -> bool:
        """Whether anything is made of this update."""
        return self.person is not None or self.poll is not None


def interpret(body: bytes, *, update_id: int | None, received_at: dt.datetime) -> Facts:
    """The facts in an update's body. Raises UnreadableUpdate when it can't be read."""
    update = decode_update(body)
    facts = Facts(kind="", occurred_at=received_at, update_id=update_id)
    if update.message is not None:
        facts.kind = "message"
        _read_message(facts, update.message)
    elif update.callback_query is not None:
        facts.kind = "callback_query"
        facts.person = update.callback_query.sender
        facts.click_kind, facts.click_data = "button", update.callback_query.data
        facts.press = press_of(update.callback_query)
        _read_button(facts, update.callback_query.data)
    elif update.poll_answer is not None:
        facts.kind = "poll_answer"
        if update.poll_answer.user is not None:  # a channel that votes is nobody's person
            facts.person, facts.vote = update.poll_answer.user, update.poll_answer
    else:
        _read_rarer_kinds(facts, update, body)
    return facts


def _read_rarer_kinds(facts: Facts, update: Update, body: bytes) -> None:
    if update.edited_message is not None:
        facts.kind = "edited_message"
        if _is_private(update.edited_message.chat):
            facts.person = update.edited_message.sender or update.edited_message.chat
            facts.edited_message = update.edited_message
    elif update.my_chat_member is not None:
        facts.kind = "my_chat_member"
        change = update.my_chat_member
        if _is_private(change.chat):
            facts.person = change.sender
            facts.occurred_at = _moment(change.date, facts.occurred_at)
            facts.is_blocked = {"kicked": True, "member": False}.get(change.new_chat_member.status)
    elif update.poll is not None:
        facts.kind, facts.poll = "poll", update.poll
    else:
        facts.kind = kind_of(body)


def _read_message(facts: Facts, message: Message) -> None:
    if not _is_private(message.chat):  # what is said in a group isn't said to the candidate
        return
    person = message.sender or message.chat
    facts.person, facts.message = person, message
    facts.occurred_at = _moment(message.date, facts.occurred_at)
    if message.contact is not None and message.contact.user_id == person.id:
        facts.phone = message.contact.phone_number
    command, argument = split_command(message.text or "")
    if command == "/start":
        facts.click_kind, facts.click_data = "start", argument
        if argument.startswith(SOURCE_PREFIX):
            facts.source = argument.removeprefix(SOURCE_PREFIX)[:LONGEST_SOURCE]


def _read_button(facts: Facts, data: str) -> None:
    name, _separator, value = data.partition(":")
    if name == "city":
        facts.city = clean_code(value, LONGEST_CITY) or None
    elif name == "contribute" and value in CONTRIBUTION_KINDS:
        facts.next_text_is = value


def press_of(query: CallbackQuery) -> Press:
    """How a press is answered; parts that aren't as the Bot API words them count as missing."""
    message = query.message if isinstance(query.message, dict) else {}
    chat = message.get("chat")
    number = message.get("message_id")
    can_change = isinstance(number, int) and bool(message.get("date"))
    return Press(
        query_id=query.id if isinstance(query.id, str) else "",
        message_id=number if can_change else None,
        is_private=not isinstance(chat, dict) or chat.get("type") == "private",
    )


def split_command(text: str) -> tuple[str, str]:
    """A command and what follows it: `/start@bot src_x` is `("/start", "src_x")`; no command is `("", "")`."""
    if not text.startswith("/"):
        return "", ""
    command, _space, argument = text.partition(" ")
    return command.partition("@")[0].lower(), argument.strip()


def message_kind(message: Message) -> str:
    """What a message is made of: `text`, `photo`, `contact`, …; `other` for what we don't know by name."""
    return next((kind for kind in MESSAGE_KINDS if getattr(message, kind) is not None), "other")


def _is_private(chat: Person) -> bool:
    return chat.type == "private"


def _moment(seconds: int | None, otherwise: dt.datetime) -> dt.datetime:
    if seconds is None or not 0 <= seconds <= _LATEST_SECONDS:
        return otherwise
    return _EARLIEST + dt.timedelta(seconds=seconds)
