"""What became of one call that sends a message."""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus

import httpx
import msgspec

from bots.api.answers import BotApiError, read_answer
from common.text import clean_text

LONGEST_REASON = 300
NO_ANSWER = "no-answer"
# Before these errors no byte of the request has left, so nobody can have got the message.
NOTHING_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)


class Fate(StrEnum):
    SENT = "sent"
    BLOCKED = "blocked"
    FAILED = "failed"  # this message can't reach this person, now or later
    RETRY = "retry"  # certainly not delivered; may pass later
    UNCERTAIN = "uncertain"  # it may have arrived: the API has no way to ask, and none to send only once
    HALT = "halt"  # the bot itself is refused; no message of it can pass


@dataclass(frozen=True)
class Outcome:
    """What became of a message. `retry_after_seconds` is how long the platform wants the whole bot to wait."""

    fate: Fate
    reason: str = ""
    message_id: int | None = None
    retry_after_seconds: float | None = None
    file_id: str = ""
    poll_id: str = ""


def judge_answer(response: httpx.Response) -> Outcome:
    """The outcome that an answer tells."""
    try:
        result = read_answer(response)
    except BotApiError as error:
        return _judge_refusal(error)
    message = msgspec.json.decode(result)
    if not isinstance(message, dict):  # some calls are answered by `true` alone
        return Outcome(Fate.SENT)
    sizes, poll = message.get("photo") or [{}], message.get("poll") or {}
    return Outcome(
        Fate.SENT,
        message_id=message.get("message_id"),
        file_id=sizes[-1].get("file_id", ""),
        poll_id=poll.get("id", ""),
    )


def judge_error(error: httpx.HTTPError | httpx.InvalidURL) -> Outcome:
    """The outcome where there was no answer."""
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return Outcome(Fate.HALT, type(error).__name__)
    if isinstance(error, NOTHING_LEFT):
        return Outcome(Fate.RETRY, type(error).__name__)
    return Outcome(Fate.UNCERTAIN, NO_ANSWER)


def _judge_refusal(error: BotApiError) -> Outcome:
    status: int = error.extra["status"]
    reason = clean_text(error.extra.get("description") or str(error), LONGEST_REASON)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Outcome(Fate.RETRY, reason, retry_after_seconds=error.extra.get("retry_after_seconds") or 1)
    if error.code == "not-bot-api":
        # Something between us and the platform answered, so the platform may have carried it out.
        return Outcome(Fate.UNCERTAIN, reason)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Outcome(Fate.RETRY, reason)
    if status == HTTPStatus.FORBIDDEN:
        return Outcome(Fate.BLOCKED, reason)
    # An unknown token is answered 401, one that can't be a token 404.
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND):
        return Outcome(Fate.HALT, reason)
    return Outcome(Fate.FAILED, reason)
