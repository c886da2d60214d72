"""One bot's line to its platform, over which its updates are fetched."""

from types import TracebackType
from typing import Self

import httpx

from bots.api.answers import read_answer, read_updates, unreachable
from bots.api.client import ANSWER_TIMEOUT_SECONDS, CONNECT_TIMEOUT_SECONDS, UPDATES_PER_CALL, USUAL_UPDATES
from bots.models import Bot


class PollingLine:
    """Use it in an `async with` block. The bot must have a token."""

    def __init__(self, bot: Bot) -> None:
        self._address = f"{bot.effective_api_root}/bot{bot.token}/getUpdates"
        self._client = httpx.AsyncClient(proxy=bot.proxy or None)

    async def get_updates(self, *, offset: int, wait_seconds: int) -> list[bytes]:
        """Waiting updates from number `offset` on, byte for byte; asking for it confirms all below.

        Waits up to `wait_seconds` for the first one. Raises BotApiError.
        """
        arguments = {"offset": offset, "timeout": wait_seconds, "limit": UPDATES_PER_CALL, **USUAL_UPDATES}
        timeout = httpx.Timeout(ANSWER_TIMEOUT_SECONDS + wait_seconds, connect=CONNECT_TIMEOUT_SECONDS)
        try:
            response = await self._client.post(self._address, json=arguments, timeout=timeout)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise unreachable(error) from None
        return read_updates(read_answer(response))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()
