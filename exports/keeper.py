"""What goes on beside the writing of an export: signs of life, progress that others see, and the wish to stop."""

import logging
import threading
import time
from types import TracebackType
from typing import Any, Self

import psycopg
from django.db import DatabaseError, InterfaceError, connection

from exports.claims import DEAD_AFTER, Verdict, beat
from exports.models import DataExportLog

logger = logging.getLogger(__name__)

BEAT_SECONDS = 0.5
# Before others take the worker for dead, it takes itself for dead.
GIVE_UP_SECONDS = DEAD_AFTER.total_seconds() / 2
INTERRUPT_SECONDS = 2.0


class Stopped(Exception):
    """The export has to stop: it was cancelled, or belongs to somebody else."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict)
        self.verdict = verdict


class Keeper:
    """While its block lasts, a thread with a connection of its own keeps the run's claim and tells its progress.

    The transaction that reads the rows can do neither: nobody sees what it writes before its end. Where the run has
    to stop, a statement that PostgreSQL works on for the block is cancelled, and the block ends in Stopped.
    """

    def __init__(self, run: DataExportLog) -> None:
        self.verdict: Verdict | None = None
        self._run = run
        self._rows = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"keeper of {run}", daemon=True)
        self._reading: Any = None

    def __enter__(self) -> Self:
        connection.ensure_connection()
        self._reading = connection.connection
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()
        if self.verdict and isinstance(error, DatabaseError | InterfaceError):
            raise Stopped(self.verdict) from error

    def note(self, rows: int) -> None:
        """So many rows are written. Raises Stopped where it is time to stop."""
        self._rows = rows
        self.refuse_to_go_on_when_stopped()

    def refuse_to_go_on_when_stopped(self) -> None:
        if self.verdict:
            raise Stopped(self.verdict)

    def _keep(self) -> None:
        alive_at = time.monotonic()
        try:
            while not self._done.wait(BEAT_SECONDS):
                try:
                    self.verdict = self.verdict or beat(self._run, self._rows)
                    alive_at = time.monotonic()
                except (DatabaseError, InterfaceError):
                    logger.warning("The database doesn't answer export %s", self._run, exc_info=True)
                    connection.close()
                    if time.monotonic() - alive_at > GIVE_UP_SECONDS:
                        self.verdict = Verdict.LOST
                if self.verdict:
                    self._interrupt()
        finally:
            connection.close()

    def _interrupt(self) -> None:
        try:
            self._reading.cancel_safe(timeout=INTERRUPT_SECONDS)
        except psycopg.Error:
            logger.warning("The statement of export %s could not be cancelled", self._run, exc_info=True)
