from types import TracebackType
from typing import Any, Self

import httpx
import msgspec
from django.utils.translation import gettext as _

from bots.models import Bot
from common.errors import DomainError

CONNECT_TIMEOUT_SECONDS = 10.0
ANSWER_TIMEOUT_SECONDS = 20.0
UPDATES_PER_CALL = 100  # the most that getUpdates gives


class BotApiError(DomainError):
    """The platform refused a call or couldn't be reached.

    `extra["status"]` is the HTTP status, None where there was no answer; `extra["retry_after_seconds"]` is how long
    the platform asks to wait, where it says so.
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


class BotApi:
    """One bot's connection to its platform; use it in a `with` block.

    The address of each call holds the token: neither it nor the library's own errors, which quote it, go anywhere.
    """

    def __init__(self, *, root: str, token: str) -> None:
        timeout = httpx.Timeout(ANSWER_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS)
        self._root = f"{root}/bot{token}"
        self._client = httpx.Client(timeout=timeout)

    @classmethod
    def of(cls, bot: Bot) -> Self:
        """The connection of a bot. Raises DomainError when it has no token."""
        if not bot.token:
            raise DomainError("no-token", _("The bot “%(bot)s” has no token yet.") % {"bot": bot.slug})
        return cls(root=bot.effective_api_root, token=bot.token)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get_me(self) -> dict[str, Any]:
        """What the platform knows about this bot."""
        return msgspec.json.decode(self._call("getMe"), type=dict[str, Any])

    def get_updates(self, *, offset: int, wait_seconds: int) -> list[bytes]:
        """Waiting updates from number `offset` on, byte for byte; asking for it confirms all below.

        Waits up to `wait_seconds` for the first one.
        """
        answer = self._call(
            "getUpdates", {"offset": offset, "timeout": wait_seconds, "limit": 100}, extra_seconds=wait_seconds
        )
        return [bytes(raw) for raw in msgspec.json.decode(answer, type=list[msgspec.Raw])]

    def set_webhook(self, *, url: str, secret_token: str) -> None:
        """Have updates sent to `url`, each with the secret in its `X-Telegram-Bot-Api-Secret-Token` header."""
        self._call("setWebhook", {"url": url, "secret_token": secret_token})

    def delete_webhook(self) -> None:
        """Have updates kept for `get_updates`."""
        self._call("deleteWebhook")

    def _call(self, method: str, arguments: dict[str, Any] | None = None, *, extra_seconds: float = 0.0) -> bytes:
        timeout = httpx.Timeout(ANSWER_TIMEOUT_SECONDS + extra_seconds, connect=CONNECT_TIMEOUT_SECONDS)
        try:
            response = self._client.post(f"{self._root}/{method}", json=arguments or {}, timeout=timeout)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = type(error).__name__
            message = _("The platform could not be reached (%(reason)s).") % {"reason": reason}
            raise BotApiError("unreachable", message, status=None) from None
        return _read_answer(response)


def _read_answer(response: httpx.Response) -> bytes:
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
    raise BotApiError("refused", words, status=status, retry_after_seconds=wait)
