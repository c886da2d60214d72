"""Servers that a test may stop, kill and start again without anybody else noticing."""

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from common.embedded.postgresql import PostgresqlServer
from common.embedded.redis_server import RedisServer
from common.embedded.server import Server
from common.environment import PROJECT_DIR
from common.testing.processes import PYTHON, wait_until


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
        """End it as a crash of its machine would: none of its processes outlives another."""
        children = self._children()
        self._end(signal.SIGKILL)
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        psutil.wait_procs(children, 30)

    def freeze(self) -> None:
        """Let it hang: connections stay open, nothing is answered."""
        for process in self._all():
            process.suspend()

    def thaw(self) -> None:
        """Let it go on."""
        for process in self._all():
            process.resume()

    def _all(self) -> list[psutil.Process]:
        return [psutil.Process(self._process.pid), *self._children()] if self._process else []

    def _children(self) -> list[psutil.Process]:
        return psutil.Process(self._process.pid).children(recursive=True) if self._process else []

    def _end(self, number: int) -> None:
        if self._process:
            self._process.send_signal(number)
            self._process.wait(30)
            self._process = None


@contextmanager
def own_folder() -> Iterator[Path]:
    """A folder for a server's data.

    Not pytest's own: each run of pytest as root closes that to the user whom PostgreSQL runs as.
    """
    folder = Path(tempfile.mkdtemp(prefix="electionsite-own-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def own_server(kind: type[Server], folder: Path, *, durable: bool = False) -> Iterator[OwnServer]:
    """A running server with its data in the folder; what is not durable loses commits in a crash."""
    server = OwnServer(kind(folder, durable=durable))
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def own_postgresql() -> Iterator[OwnServer]:
    """A PostgreSQL of the test's own, with an empty database `electionsite`."""
    with own_folder() as folder, own_server(PostgresqlServer, folder) as server:
        yield server


@pytest.fixture
def migrated_postgresql() -> Iterator[OwnServer]:
    """A PostgreSQL of the test's own, whose database `electionsite` is migrated; it was once for the whole run."""
    with own_folder() as folder:
        copy_migrated(folder)
        with own_server(PostgresqlServer, folder) as server:
            yield server


def copy_migrated(folder: Path) -> None:
    """Put a copy of a migrated PostgreSQL's data into the folder."""
    pattern = Path(os.environ["ELECTIONSITE_DATA_DIR"]) / "migrated"
    with pattern.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not pattern.exists():
            _migrate(pattern)
    # Owners, too: PostgreSQL may run as another user than we.
    subprocess.run(["cp", "-a", f"{pattern}/.", str(folder)], check=True)  # noqa: S607 (where it lies differs)


def _migrate(pattern: Path) -> None:
    draft = Path(tempfile.mkdtemp(prefix="electionsite-own-"))
    with own_server(PostgresqlServer, draft) as server:
        environment = {**os.environ, "DATABASE_URL": server.url, "ELECTIONSITE_ENVIRONMENT": "development"}
        command = [PYTHON, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(command, env=environment, cwd=PROJECT_DIR, check=True)
    draft.rename(pattern)


@pytest.fixture
def own_redis() -> Iterator[OwnServer]:
    """A Redis of the test's own."""
    with own_folder() as folder, own_server(RedisServer, folder) as server:
        yield server
