"""Servers that a test may stop, kill and start again without anybody else noticing."""

import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.embedded.postgresql import PostgresqlServer
from common.embedded.redis_server import RedisServer
from common.embedded.server import Server
from common.testing.processes import wait_until


class OwnServer:
    """A server of one test. `url` is its address, also while it is stopped."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._process: subprocess.Popen[bytes] | None = None
        self.start()
        self.url = server.url()

    def start(self) -> None:
        """Start it, with the data it had before; returns when it answers."""
        self._server.prepare()
        with self._server.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._server.command(), stdout=log, stderr=log, cwd="/", **self._server.run_as()
            )
        if not wait_until(self._server.is_ready, 30):
            raise RuntimeError(self._server.log.read_text())

    def stop(self) -> None:
        """Let it end in order."""
        self._end(self._server.stop_signals[0])

    def kill(self) -> None:
        """End it as a crash would."""
        self._end(signal.SIGKILL)

    def _end(self, number: int) -> None:
        if self._process:
            self._process.send_signal(number)
            self._process.wait(30)
            self._process = None


def _serve(kind: type[Server]) -> Iterator[OwnServer]:
    # Not pytest's own folder: each run of pytest as root closes that to the user whom PostgreSQL runs as.
    folder = Path(tempfile.mkdtemp(prefix="electionsite-own-"))
    server = OwnServer(kind(folder, durable=False))
    yield server
    server.stop()
    shutil.rmtree(folder)


@pytest.fixture
def own_postgresql() -> Iterator[OwnServer]:
    """A PostgreSQL of the test's own, with an empty database `electionsite`."""
    yield from _serve(PostgresqlServer)


@pytest.fixture
def own_redis() -> Iterator[OwnServer]:
    """A Redis of the test's own."""
    yield from _serve(RedisServer)
