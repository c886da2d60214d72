"""What a Bot API server answers (https://core.telegram.org/bots/api#making-requests)."""

from typing import TypeVar

import httpx
import msgspec
from django.utils.translation import gettext as _

from common.errors import DomainError

Shape = TypeVar("Shape")


class BotApiError(DomainError):
    """The platform refused a call or couldn't be reached.

    `extra["status"]` is the HTTP status, None where there was no answer; `extra["retry_after_seconds"]` is how long
    the platform asks to wait, where it says so, and `extra["description"]` are its own words.
    """

    @property
    def is_passing(self) -> bool:
        """Whether the same call may well succeed later."""
        status = self.extra.get("status")
        return status is None or status == 429 or status >= 500


class _Parameters(msgspec.Struct):
    retry_after: int | None = None


class _Answer(msgspec.Struct):
    ok: bool
    result: msgspec.Raw = msgspec.Raw(b"null")
    description: str = ""
    parameters: _Parameters | None = None


def read_answer(response: httpx.Response) -> bytes:
    """The result of a call, as JSON. Raises BotApiError for a refusal, and for what isn't the API's answer."""
    status = response.status_code
    try:
        answer = msgspec.json.decode(response.content, type=_Answer)
    except msgspec.MsgspecError:
        message = _("The platform gave an answer that is not the Bot API's (HTTP status %(status)s).")
        raise BotApiError("not-bot-api", message % {"status": status}, status=status) from None
    if answer.ok:
        return bytes(answer.result)
    wait = answer.parameters.retry_after if answer.parameters else None
    message = _("The platform refused: %(description)s (%(status)s).")
    words = message % {"description": answer.description, "status": status}
    told = {"description": answer.description, "retry_after_seconds": wait}
    raise BotApiError("refused", words, status=status, **told)


def read_as(kind: type[Shape], result: bytes) -> Shape:
    """A result of the shape that the API promises. Raises BotApiError for another one."""
    try:
        return msgspec.json.decode(result, type=kind)
    except msgspec.MsgspecError:
        message = _("The platform gave an answer that is not the Bot API's (HTTP status %(status)s).")
        raise BotApiError("not-bot-api", message % {"status": 200}, status=None, reason="not-bot-api") from None


def read_updates(result: bytes) -> list[bytes]:
    """The updates that getUpdates gave, byte for byte. Raises BotApiError for what isn't a list."""
    return [bytes(raw) for raw in read_as(list[msgspec.Raw], result)]


def unreachable(error: Exception) -> BotApiError:
    """What to raise where there was no answer; the library's own error quotes the address, which holds the token."""
    reason = type(error).__name__
    message = _("The platform could not be reached (%(reason)s).") % {"reason": reason}
    return BotApiError("unreachable", message, status=None, reason=reason)
