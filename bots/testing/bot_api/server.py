"""Running the server: inside a test, in a thread of its own, or as a process."""

import asyncio
import threading
from collections.abc import Coroutine
from functools import partial
from types import TracebackType
from typing import Any, Self, TypeVar

import uvloop

from bots.testing.bot_api.application import Application
from bots.testing.bot_api.clock import Clock, MachineClock
from bots.testing.bot_api.controls import Controls
from bots.testing.bot_api.http_protocol import HttpProtocol
from bots.testing.bot_api.limits import Limits
from bots.testing.bot_api.platform import Platform

HOST = "127.0.0.1"  # nowhere else: whoever reaches it controls it
BACKLOG = 1024
ANSWER_SECONDS = 10
Result = TypeVar("Result")


class Listening:
    """The server on its socket, within a running event loop."""

    def __init__(self, platform: Platform) -> None:
        self._platform, self._connections = platform, set[HttpProtocol]()
        self._server: asyncio.Server | None = None

    async def open(self, port: int) -> int:
        """Listen on loopback; port 0 is any free one. Returns the port."""
        answer = Application(self._platform).answer
        loop = asyncio.get_running_loop()
        protocol = partial(HttpProtocol, answer, self._connections)
        self._server = await loop.create_server(protocol, HOST, port, backlog=BACKLOG)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        """Listen no more, and end waiting calls and deliveries."""
        if self._server is not None:
            self._server.close()
        for account in self._platform.accounts.values():
            await account.webhook.close()
        for connection in list(self._connections):
            connection.abort()
        while self._connections:
            await asyncio.sleep(0)


class BotApiServer(Controls):
    """A server for the length of a `with` block; `root` is what a bot's `api_root` must be."""

    def __init__(
        self,
        *tokens: str,
        clock: Clock | None = None,
        limits: Limits | None = None,
        is_local_mode: bool = False,
        takes_any_token: bool = False,
    ) -> None:
        self._platform = Platform(
            clock=clock or MachineClock(),
            limits=limits or Limits(),
            is_local_mode=is_local_mode,
            takes_any_token=takes_any_token,
        )
        for token in tokens:
            self._platform.add_bot(token)
        self._listening = Listening(self._platform)
        # In a thread from the beginning: whoever drives a browser has a loop of their own running in theirs.
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        super().__init__(f"http://{HOST}:{self._in_loop(self._listening.open(0))}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self._in_loop(self._listening.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _in_loop(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(ANSWER_SECONDS)
