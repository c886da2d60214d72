import datetime as dt
from dataclasses import dataclass
from types import TracebackType
from typing import Annotated, Any, Self

import httpx
import msgspec
from django.utils.translation import gettext as _

from bots.api.answers import BotApiError, read_answer, read_as, read_updates, unreachable
from bots.models import Bot
from common.errors import DomainError

__all__ = ["BotApi", "BotApiError", "WebhookInfo"]

CONNECT_TIMEOUT_SECONDS = 10.0
ANSWER_TIMEOUT_SECONDS = 20.0
PAGE_SECONDS = 3.0  # for calls that somebody waits for before a page
LATEST_SECONDS = 32_503_680_000  # the year 3000
UPDATES_PER_CALL = 100  # the most that getUpdates gives
# None named means the usual ones. Left out, the platform would keep what somebody with the token asked for before.
USUAL_UPDATES: dict[str, list[str]] = {"allowed_updates": []}


@dataclass(frozen=True)
class WebhookInfo:
    """How a platform sends a bot's updates (https://core.telegram.org/bots/api#webhookinfo); `url` may be empty."""

    url: str
    waiting: int
    last_error: str = ""
    last_error_at: dt.datetime | None = None


class _WebhookInfo(msgspec.Struct):
    url: str = ""
    pending_update_count: int = 0
    last_error_date: Annotated[int, msgspec.Meta(ge=0, le=LATEST_SECONDS)] | None = None
    last_error_message: str | None = None


class BotApi:
    """One bot's connection to its platform; use it in a `with` block.

    The address of each call holds the token: neither it nor the library's own errors, which quote it, go anywhere.
    """

    def __init__(
        self, *, root: str, token: str, proxy: str = "", answer_seconds: float = ANSWER_TIMEOUT_SECONDS
    ) -> None:
        self._answer_seconds = answer_seconds
        self._root = f"{root}/bot{token}"
        self._client = httpx.Client(proxy=proxy or None)

    @classmethod
    def of(cls, bot: Bot, *, answer_seconds: float = ANSWER_TIMEOUT_SECONDS) -> Self:
        """The connection of a bot. Raises DomainError when it has no token."""
        if not bot.token:
            raise DomainError("no-token", _("The bot “%(bot)s” has no token yet.") % {"bot": bot.slug})
        return cls(root=bot.effective_api_root, token=bot.token, proxy=bot.proxy, answer_seconds=answer_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get_me(self) -> dict[str, Any]:
        """What the platform knows about this bot."""
        return read_as(dict[str, Any], self._call("getMe"))

    def get_updates(self, *, offset: int, wait_seconds: int) -> list[bytes]:
        """Waiting updates from number `offset` on, byte for byte; asking for it confirms all below.

        Waits up to `wait_seconds` for the first one.
        """
        arguments = {"offset": offset, "timeout": wait_seconds, "limit": UPDATES_PER_CALL, **USUAL_UPDATES}
        return read_updates(self._call("getUpdates", arguments, extra_seconds=wait_seconds))

    def set_webhook(self, *, url: str, secret_token: str) -> None:
        """Have updates sent to `url`, each with the secret in its `X-Telegram-Bot-Api-Secret-Token` header."""
        self._call("setWebhook", {"url": url, "secret_token": secret_token, **USUAL_UPDATES})

    def get_webhook_info(self) -> WebhookInfo:
        """How the platform sends the bot's updates, and how many wait there."""
        told = read_as(_WebhookInfo, self._call("getWebhookInfo"))
        error_at = dt.datetime.fromtimestamp(told.last_error_date, dt.UTC) if told.last_error_date else None
        return WebhookInfo(told.url, max(told.pending_update_count, 0), told.last_error_message or "", error_at)

    def delete_webhook(self) -> None:
        """Have updates kept for `get_updates`."""
        self._call("deleteWebhook")

    def _call(self, method: str, arguments: dict[str, Any] | None = None, *, extra_seconds: float = 0.0) -> bytes:
        connect_seconds = min(CONNECT_TIMEOUT_SECONDS, self._answer_seconds)
        timeout = httpx.Timeout(self._answer_seconds + extra_seconds, connect=connect_seconds)
        try:
            response = self._client.post(f"{self._root}/{method}", json=arguments or {}, timeout=timeout)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise unreachable(error) from None
        return read_answer(response)
