"""Pytest fixtures: the intake over real sockets, on the test's database. Such tests are transactional."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvloop

from bots.models import Bot
from common.environment import PROJECT_DIR
from common.testing.processes import wait_until

START_SECONDS = 30
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 (a header's name)


class RunningIntake:
    """The intake in a thread of the test's own process. `url` is where it listens."""

    def __init__(self) -> None:
        from bots.intake.application import Intake

        self.application = Intake()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._client = httpx.Client(base_url=self.url, trust_env=False, timeout=30)
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        """Listen; returns when updates can be taken."""
        self._thread.start()
        if not wait_until(lambda: self.application.is_ready, START_SECONDS):
            raise TimeoutError("the intake does not start")

    def stop(self) -> None:
        """End as a process that is told to."""
        self._client.close()
        self._loop.call_soon_threadsafe(self._stops.set)
        self._thread.join(START_SECONDS)

    def _run(self) -> None:
        from bots.intake.server import serve_socket

        async def run() -> None:
            self._loop, self._stops = asyncio.get_running_loop(), asyncio.Event()
            await serve_socket(self.application, self._listening, self._stops)

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(run())

    def look(self) -> None:
        """Let it see the bots as they are now, which it would by itself a second later."""
        from bots.intake.database import connect

        async def look() -> None:
            async with await connect() as connection:
                await self.application.known_bots.look(connection)

        asyncio.run_coroutine_threadsafe(look(), self._loop).result(10)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request as it is."""
        return self._client.request(method, path, **options)

    def post(self, bot: Bot, body: bytes, *, secret: str | None = None, path: str = "", **headers: str) -> int:
        """The status that an update of this bot is answered with."""
        self.look()
        shown = (bot.webhook_secret if secret is None else secret).encode()
        given = {SECRET_HEADER.encode(): shown, **{name.encode(): value.encode() for name, value in headers.items()}}
        return self.request("POST", path or bot.webhook_path, content=body, headers=given).status_code


@pytest.fixture(scope="module")
def running_intake(django_db_setup: None) -> Iterator[RunningIntake]:
    """An intake for the tests of a module: starting one takes as long as a few of them."""
    intake = RunningIntake()
    intake.start()
    yield intake
    intake.stop()


@pytest.fixture
def intake(running_intake: RunningIntake, transactional_db: None) -> RunningIntake:
    """A running intake."""
    return running_intake


def start_intake(*, database_url: str, port: int, processes: int, log: Path) -> subprocess.Popen[bytes]:
    """`manage.py run_intake` as a process of its own."""
    command = [sys.executable, "manage.py", "run_intake", "--port", str(port), "--processes", str(processes)]
    environment = {**os.environ, "DATABASE_URL": database_url, "ELECTIONSITE_ENVIRONMENT": "development"}
    with log.open("ab") as output:
        return subprocess.Popen(command, env=environment, cwd=PROJECT_DIR, stdout=output, stderr=output)


def is_ready(url: str) -> bool:
    """Whether the intake at this address takes updates now."""
    try:
        return httpx.get(f"{url}/health/ready", timeout=5, trust_env=False).is_success
    except httpx.TransportError:
        return False
