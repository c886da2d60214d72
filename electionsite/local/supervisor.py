"""Runs processes side by side: shows what they write, and stops all when one ends or we do.

Not honcho: it knows no SIGHUP, fails on a signal while it starts, leaves processes behind when it is killed itself,
and forks the whole of Django once for each process.
"""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from common.processes import end_with_parent

STOP_SECONDS = 10.0
# Celery's beat misses a SIGTERM that comes while it talks to Redis, so it is told again.
ASK_AGAIN_SECONDS = 2.0
LOOK_EVERY_SECONDS = 0.2


@dataclass(frozen=True)
class Ended:
    """A process that ended although nobody asked it to."""

    name: str
    exit_code: int


class Supervisor:
    """`write` gets each line that a process writes, with the process's name."""

    def __init__(self, write: Callable[[str, str], None]) -> None:
        self._write = write
        self._children: dict[str, subprocess.Popen[str]] = {}
        self._readers: list[threading.Thread] = []
        self._is_stopping = False

    def start(self, commands: Mapping[str, Sequence[str]]) -> None:
        """Start all; each in a session of its own, so that Ctrl-C reaches them through `stop` only, in order."""
        for name, command in commands.items():
            self._children[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
                preexec_fn=end_with_parent(signal.SIGKILL),  # asked to end without its broker, Celery waits for it
            )
        for name, child in self._children.items():  # only now: `preexec_fn` and threads don't go together
            reader = threading.Thread(target=self._show, args=(name, child), daemon=True)
            reader.start()
            self._readers.append(reader)

    def _show(self, name: str, child: subprocess.Popen[str]) -> None:
        assert child.stdout is not None  # noqa: S101 (for the type checker)
        with child.stdout as lines:
            for line in lines:
                if not self._is_stopping:  # how they say goodbye is of no interest
                    self._write(name, line.rstrip())

    def find_ended(self) -> Ended | None:
        """A process that has ended, or None while all run."""
        for name, child in self._children.items():
            if child.poll() is not None:
                return Ended(name, child.returncode)
        return None

    def wait(self, *, may_go_on: Callable[[], bool]) -> Ended | None:
        """Wait until one ends, and say which; None when `may_go_on` said no first."""
        while may_go_on():
            if ended := self.find_ended():
                return ended
            time.sleep(LOOK_EVERY_SECONDS)
        return None

    def stop(self) -> None:
        """Ask all to end, and end those that don't within ten seconds, with all that they started."""
        self._is_stopping = True
        give_up_at = time.monotonic() + STOP_SECONDS
        while self._running() and time.monotonic() < give_up_at:
            for child in self._running():
                child.terminate()
            self._wait_for_all(min(ASK_AGAIN_SECONDS, STOP_SECONDS))
        for child in self._children.values():
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        for reader in self._readers:
            reader.join(timeout=2)

    def _running(self) -> list[subprocess.Popen[str]]:
        return [child for child in self._children.values() if child.poll() is None]

    def _wait_for_all(self, seconds: float) -> None:
        give_up_at = time.monotonic() + seconds
        for child in self._running():
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, give_up_at - time.monotonic()))
