"""The three locks by which users of a server and its keeper know of each other.

All are `flock`s, which the kernel frees when a process ends, however it ends.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


class FileLock:
    """One lock, held through one open file."""

    def __init__(self, path: Path) -> None:
        self._file: IO[str] = path.open("a", encoding="utf-8")

    def take(self, *, shared: bool = False) -> None:
        """Wait for the lock. Changing a lock that is held already isn't atomic: another may get it in between."""
        fcntl.flock(self._file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)

    def try_take(self, *, shared: bool = False) -> bool:
        """Take the lock if it is free now. After a refusal nothing is held, not even what was held before."""
        try:
            fcntl.flock(self._file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            return False
        return True

    def release(self) -> None:
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def is_free(self) -> bool:
        """Whether nobody holds it at this moment."""
        if not self.try_take():
            return False
        self.release()
        return True


class ServerLocks:
    """`gate`: one process at a time starts or leaves. `users`: shared by all users. `alive`: the keeper's own."""

    def __init__(self, folder: Path, server: str) -> None:
        self.gate = FileLock(folder / f"{server}.gate")
        self.users = FileLock(folder / f"{server}.users")
        self.alive = FileLock(folder / f"{server}.alive")

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the gate for a moment."""
        self.gate.take()
        try:
            yield
        finally:
            self.gate.release()
