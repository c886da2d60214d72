"""Reading an update's bytes. Only what we use is typed; the rest of an update may be anything."""

import json
from typing import Annotated, Any

import msgspec

from common.text import clean_code, clean_text

# What fits PostgreSQL's bigint and smallint.
BigInt = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
SmallInt = Annotated[int, msgspec.Meta(ge=0, le=2**15 - 1)]


class UnreadableUpdate(ValueError):
    """The body isn't an update that we can read; the text says why."""


class NotJson(ValueError):
    """The body isn't JSON at all (RFC 8259: UTF-8 text)."""


class Person(msgspec.Struct):
    id: BigInt
    first_name: str = ""
    last_name: str = ""
    username: str = ""
    language_code: str = ""
    type: str = ""


class Contact(msgspec.Struct):
    phone_number: str = ""
    user_id: int | None = None


class Message(msgspec.Struct, rename={"sender": "from"}):
    """A message; what it carries besides text is kept as it is, only to know which of them it was."""

    chat: Person
    message_id: BigInt | None = None
    sender: Person | None = None
    date: int | None = None
    text: str | None = None
    caption: str | None = None
    contact: Contact | None = None
    animation: Any = None
    audio: Any = None
    dice: Any = None
    document: Any = None
    location: Any = None
    photo: Any = None
    poll: Any = None
    sticker: Any = None
    story: Any = None
    venue: Any = None
    video: Any = None
    video_note: Any = None
    voice: Any = None


class CallbackQuery(msgspec.Struct, rename={"sender": "from"}):
    """A pressed button. What is only needed to answer it may be anything: `press_of` reads it."""

    sender: Person
    data: str = ""
    id: Any = None
    message: Any = None


class MemberStatus(msgspec.Struct):
    status: str = ""


class MemberChange(msgspec.Struct, rename={"sender": "from"}):
    chat: Person
    sender: Person
    new_chat_member: MemberStatus
    date: int | None = None


class PollOption(msgspec.Struct):
    text: str = ""


class Poll(msgspec.Struct):
    id: str
    question: str = ""
    options: list[PollOption] = []
    is_closed: bool = False


class PollAnswer(msgspec.Struct):
    poll_id: str
    option_ids: list[SmallInt]
    user: Person | None = None


class Update(msgspec.Struct):
    """An update of the Bot API; the kinds that we use have a field each."""

    message: Message | None = None
    edited_message: Message | None = None
    callback_query: CallbackQuery | None = None
    my_chat_member: MemberChange | None = None
    poll: Poll | None = None
    poll_answer: PollAnswer | None = None


class _Envelope(msgspec.Struct):
    update_id: BigInt


_envelope_decoder = msgspec.json.Decoder(_Envelope)
_update_decoder = msgspec.json.Decoder(Update)
_keys_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_update_id(body: bytes) -> int | None:
    """The update's number, or None for JSON that has none which fits 64 bits.

    Raises NotJson for what no JSON parser would accept. JSON that is too deep or holds too large a number to be
    parsed here counts as JSON: refusing it would make the sender repeat it for a day.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotJson("the body is not UTF-8 text") from error
    try:
        return _envelope_decoder.decode(body).update_id
    except (msgspec.DecodeError, RecursionError):
        pass  # wrong shape, or allowed by JSON and not by this parser: ask the more patient one
    try:
        value = _patient_json(text)
    except json.JSONDecodeError as error:
        raise NotJson(str(error)) from error
    except (ValueError, RecursionError):
        return None
    number = value.get("update_id") if isinstance(value, dict) else None
    fits = isinstance(number, int) and not isinstance(number, bool) and -(2**63) <= number < 2**63
    return number if fits else None


def decode_update(body: bytes) -> Update:
    """The update in `body`; texts hold no NUL and no lone surrogate.

    Raises UnreadableUpdate with the reason when it has another shape than the Bot API's.
    """
    try:
        if b"\\u0000" not in body:
            return _update_decoder.decode(body)
    except msgspec.ValidationError as error:
        raise UnreadableUpdate(str(error)) from error
    except (msgspec.DecodeError, RecursionError):
        pass  # lone surrogates are JSON too: take the way that mends them
    try:
        return msgspec.convert(_clean(_patient_json(body.decode("utf-8"))), Update)
    except RecursionError as error:
        raise UnreadableUpdate("the update is nested too deeply") from error
    except ValueError as error:  # also msgspec's, JSON's and UTF-8's own errors
        raise UnreadableUpdate(str(error)) from error


def kind_of(body: bytes) -> str:
    """The update's kind as the Bot API names it (`message`, `chat_boost`, …); empty where there is none.

    An unknown kind comes out under its own name, so that it can be counted the day it appears.
    """
    try:
        keys = list(_keys_decoder.decode(body))
    except (msgspec.MsgspecError, RecursionError):
        return ""
    return next((clean_code(key, 64) for key in keys if key != "update_id"), "")


def _patient_json(text: str) -> Any:
    return json.loads(text, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> None:
    raise json.JSONDecodeError(f"{name} is not JSON", name, 0)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {clean_text(key): _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return value
