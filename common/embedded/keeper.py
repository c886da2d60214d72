"""Runs one server as long as anybody uses it: `python -m common.embedded.keeper NAME FOLDER [--not-durable]`.

Writes `ready`, or why it failed, to its standard output and closes it.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

import psycopg

from common.embedded.errors import EmbeddedServerError
from common.embedded.locks import ServerLocks
from common.embedded.postgresql import PostgresqlServer
from common.embedded.redis_server import RedisServer
from common.embedded.server import Server
from common.processes import end_with_parent

START_SECONDS = 60.0
STOP_SECONDS = 20.0
SERVERS: dict[str, type[Server]] = {"postgresql": PostgresqlServer, "redis": RedisServer}


class WokenError(Exception):
    """A signal ended the wait: the server died, or somebody wants us to stop."""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=sorted(SERVERS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--not-durable", action="store_true")
    arguments = parser.parse_args()
    server = SERVERS[arguments.name](arguments.folder, durable=not arguments.not_durable)
    locks = ServerLocks(server.folder, server.name)
    locks.alive.take()
    try:
        return _keep(server, locks)
    finally:
        server.forget_socket_folder()
        locks.alive.release()  # before `users`, which ends with us: who gets in next finds no keeper


def _keep(server: Server, locks: ServerLocks) -> int:
    child = None
    try:
        server.prepare()
        child = _start(server)
        _wait_until_ready(server, child)
        _answer("ready")
        _wait_until_unused(locks, child)
    except (EmbeddedServerError, OSError, psycopg.Error) as error:
        _answer(str(error))
        return 1
    finally:
        if child:
            _stop(child, server)
    return 0


def _start(server: Server) -> subprocess.Popen[bytes]:
    if server.log.exists():
        server.log.replace(server.log.with_suffix(".log.before"))
    with server.log.open("wb") as log:
        return subprocess.Popen(
            server.command(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=end_with_parent(server.stop_signals[0]),  # safe: this process has one thread
            **server.run_as(),
        )


def _wait_until_ready(server: Server, child: subprocess.Popen[bytes]) -> None:
    give_up_at = time.monotonic() + START_SECONDS
    while not server.is_ready():
        if child.poll() is not None or time.monotonic() > give_up_at:
            last_words = server.log.read_text(errors="replace")[-2000:].strip()
            raise EmbeddedServerError(f"The embedded {server.name} server didn't start. It wrote:\n{last_words}")
        time.sleep(0.03)


def _answer(text: str) -> None:
    """Tell whoever started us, if they still listen, and let them go on."""
    with suppress(BrokenPipeError):
        os.write(sys.stdout.fileno(), text.encode())
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _wait_until_unused(locks: ServerLocks, child: subprocess.Popen[bytes]) -> None:
    """Sleep until the last user's lock is free, the server has died, or we are asked to stop."""

    def wake(_signal_number: int, _frame: FrameType | None) -> None:
        raise WokenError

    try:
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, wake)
        if child.poll() is None:
            locks.users.take()
    except WokenError:
        pass
    finally:
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL if number == signal.SIGCHLD else signal.SIG_IGN)


def _stop(child: subprocess.Popen[bytes], server: Server) -> None:
    for number in server.stop_signals:
        if child.poll() is not None:
            return
        child.send_signal(number)
        try:
            child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue


if __name__ == "__main__":
    sys.exit(main())
