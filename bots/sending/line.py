"""One bot's line to its platform, for many messages at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx
import msgspec

from bots.api.client import ANSWER_TIMEOUT_SECONDS, CONNECT_TIMEOUT_SECONDS
from bots.models import Bot
from bots.sending.outcome import Outcome, judge_answer, judge_error


@dataclass(frozen=True)
class Call:
    """A method of the Bot API with its arguments. `files` are uploaded; their type goes with them."""

    method: str
    arguments: Mapping[str, Any]
    files: Mapping[str, tuple[str, bytes, str]] = field(default_factory=dict)


class Line:
    """Kept connections to the platform; use it in an `async with` block. The bot must have a token.

    Nothing of the library's own errors goes on, as they quote the address, which holds the token.
    """

    def __init__(self, bot: Bot, *, answer_seconds: float = ANSWER_TIMEOUT_SECONDS) -> None:
        self._root = f"{bot.effective_api_root}/bot{bot.token}"
        # No upper number of connections: how many messages are on their way is the sender's business.
        self._client = httpx.AsyncClient(
            proxy=bot.proxy or None,
            timeout=httpx.Timeout(answer_seconds, connect=CONNECT_TIMEOUT_SECONDS),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=30, keepalive_expiry=15),
        )

    async def send(self, call: Call, chat_id: int | None) -> Outcome:
        """Send one message, or a call that is for no chat, and say what became of it."""
        arguments = {**({} if chat_id is None else {"chat_id": chat_id}), **call.arguments}
        try:
            if call.files:
                form = {name: _in_form(value) for name, value in arguments.items()}
                return judge_answer(await self._client.post(self._url(call), data=form, files=call.files))
            return judge_answer(await self._client.post(self._url(call), json=arguments))
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return judge_error(error)

    def _url(self, call: Call) -> str:
        return f"{self._root}/{call.method}"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()


def _in_form(value: Any) -> str:
    """In forms, what isn't text is JSON inside text (https://core.telegram.org/bots/api#making-requests)."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
