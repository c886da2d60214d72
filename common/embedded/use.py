"""The side of those who use a server: start its keeper when there is none, and tell the keeper when they end."""

import atexit
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

from common.embedded.errors import EmbeddedServerError
from common.embedded.locks import ServerLocks
from common.embedded.server import Server
from common.environment import PROJECT_DIR

STOP_SECONDS = 60.0
_uses: "list[_Use]" = []


def use_server(server: Server) -> str:
    """The address of the running server; it runs at least until this process ends or calls `leave_servers`.

    Raises EmbeddedServerError when it can't start.
    """
    use = _Use(server)
    _uses.append(use)  # before it starts: a Ctrl-C in between must not leave it behind
    return use.begin()


@atexit.register
def leave_servers() -> None:
    """Let go of the servers that this process uses; those without another user have stopped when this returns."""
    if _uses and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # an impatient second Ctrl-C must leave nothing behind
    while _uses:
        _uses.pop().end()


class _Use:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.locks = ServerLocks(server.folder, server.name)
        self.keeper: subprocess.Popen[str] | None = None
        self._pid = os.getpid()

    def begin(self) -> str:
        with self.locks.alone():
            self.locks.users.take(shared=True)  # waits while a keeper is busy stopping
            if self.locks.alive.is_free():
                self._start_keeper()
            return self.server.url()

    def _start_keeper(self) -> None:
        self.server.wheel_folder()  # tells what is missing in this process's words
        arguments = [self.server.name, str(self.server.folder), *([] if self.server.durable else ["--not-durable"])]
        # Its own file for errors: with ours, whoever reads our output would wait for the keeper's end, too.
        with (self.server.folder / f"{self.server.name}.keeper.log").open("w", encoding="utf-8") as errors:
            self.keeper = subprocess.Popen(
                [sys.executable, "-m", "common.embedded.keeper", *arguments],
                cwd=PROJECT_DIR,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,  # Ctrl-C in the terminal is for us; we tell the keeper when we are done
            )
        assert self.keeper.stdout is not None  # noqa: S101 (for the type checker)
        with self.keeper.stdout as answer:
            text = answer.read().strip()
        if text != "ready":
            raise EmbeddedServerError(
                text or f"The embedded {self.server.name} server didn't start; see {errors.name}."
            )

    def end(self) -> None:
        """Let go of the server; if we were its last user, wait until it has stopped."""
        if os.getpid() != self._pid:  # a forked child inherits the list, not the duty
            return
        with self.locks.alone():
            self.locks.users.release()
            if not self._others_use_it():
                self._wait_for_keeper()

    def _others_use_it(self) -> bool:
        """Whether another user holds the lock, as opposed to nobody, or the keeper, which got it and is stopping."""
        users = self.locks.users
        if users.is_free() or not users.try_take(shared=True):
            return False
        users.release()
        return True

    def _wait_for_keeper(self) -> None:
        give_up_at = time.monotonic() + STOP_SECONDS
        while not self.locks.alive.is_free() and time.monotonic() < give_up_at:
            time.sleep(0.01)
        if self.locks.alive.is_free():
            self.locks.users.take()  # the keeper's until its process ends
            self.locks.users.release()
        if self.keeper:
            with suppress(subprocess.TimeoutExpired):
                self.keeper.wait(STOP_SECONDS)
