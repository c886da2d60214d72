"""Pytest plugin: the site as it runs in production, in gunicorn's own processes and over real HTTP.

They read the test's database and a Redis of the test's own, which it may stop (`own_redis`). Only what is committed
is there for them: tests that use these fixtures are transactional.
"""

import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from django.db import connection

from common.environment import PROJECT_DIR
from common.testing.own_servers import OwnServer
from common.testing.processes import PYTHON, wait_until

START_SECONDS = 60
THREADS = 8


@pytest.fixture
def start_gunicorn(own_redis: OwnServer, transactional_db: None, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Starts a server when called and gives its base URL: `start_gunicorn(workers=2, ELECTIONSITE_LOG_LEVEL="DEBUG")`.

    Servers that one test starts share database and Redis, as those behind one balancer do.
    """
    with ExitStack() as running:

        def start(*, workers: int = 2, **environment: str) -> str:
            given = {**os.environ, "DATABASE_URL": database_url(), "REDIS_URL": own_redis.url, **environment}
            log = tmp_path / f"gunicorn-{len(list(tmp_path.glob('gunicorn-*')))}.log"
            return running.enter_context(_gunicorn(workers, given, log))

        yield start


@pytest.fixture
def gunicorn_site(start_gunicorn: Callable[..., str]) -> str:
    """The base URL of a server with two worker processes."""
    return start_gunicorn()


@contextmanager
def _gunicorn(workers: int, environment: dict[str, str], log: Path) -> Iterator[str]:
    # A socket that is bound already can't be taken by somebody else meanwhile.
    with closing(socket.create_server(("127.0.0.1", 0))) as listening, log.open("wb") as output:
        command = [PYTHON, "-m", "gunicorn", "electionsite.wsgi:application", "--bind", f"fd://{listening.fileno()}"]
        command += ["--workers", str(workers), "--worker-class", "gthread", "--threads", str(THREADS)]
        command += ["--graceful-timeout", "5", "--no-control-socket"]
        passed = {"env": environment, "pass_fds": (listening.fileno(),), "cwd": PROJECT_DIR}
        process = subprocess.Popen(command, stdout=output, stderr=output, **passed)  # type: ignore[call-overload]
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        try:
            if not wait_until(lambda: process.poll() is not None or _answers(url), START_SECONDS) or process.poll():
                raise RuntimeError(log.read_text())
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(30)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health/live", timeout=5, trust_env=False).is_success
    except httpx.TransportError:
        return False


def database_url() -> str:
    """The address of the database that this test works on."""
    found: dict[str, Any] = connection.settings_dict
    parts = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    named = {part: found[setting] for part, setting in parts.items() if found[setting]}
    return f"postgresql://?{urlencode({**named, **found['OPTIONS']})}"
