"""What is wrong at present. Apps that watch over something register a source; who must not go on then asks here."""

import logging
import threading
from collections.abc import Callable, Collection
from time import monotonic

from django.db import connections

logger = logging.getLogger(__name__)

ANSWER_WITHIN_SECONDS = 1.0

Source = Callable[[], Collection[str]]


def register_alert_source(name: str, source: Source) -> None:
    """Have `source` asked for the names of what is wrong at present; called when an app is ready.

    It is called in a thread of its own, without the caller's transaction.
    """
    SOURCES[name] = _WatchedSource(name, source)


def active_alerts() -> tuple[str, ...] | None:
    """The names of what is wrong at present, sorted; None when that isn't known.

    It isn't when nobody watches, or when a source fails or doesn't answer within `ANSWER_WITHIN_SECONDS`.
    """
    answers = [run.wait() for run in [source.start() for source in SOURCES.values()]]
    known = [answer for answer in answers if answer is not None]
    if not answers or len(known) < len(answers):
        return None
    return tuple(sorted({alert for answer in known for alert in answer}))


class _WatchedSource:
    """A source that hangs keeps its thread; until that ends no second one starts."""

    def __init__(self, name: str, source: Source) -> None:
        self.name = name
        self.source = source
        self._lock = threading.Lock()
        self._run: _Run | None = None

    def start(self) -> "_Run":
        with self._lock:
            if self._run is None or not self._run.thread.is_alive():
                self._run = _Run(self)
                self._run.thread.start()
            return self._run


class _Run:
    def __init__(self, watched: _WatchedSource) -> None:
        self._watched = watched
        self._answer: tuple[str, ...] | None = None
        self._must_end_at = monotonic() + ANSWER_WITHIN_SECONDS
        self.thread = threading.Thread(target=self._ask, name=f"alerts-{watched.name}", daemon=True)

    def wait(self) -> tuple[str, ...] | None:
        self.thread.join(max(0.0, self._must_end_at - monotonic()))
        return self._answer

    def _ask(self) -> None:
        try:
            answer = tuple(self._watched.source())
        except Exception as error:
            logger.warning("Alerts: %s can't be asked: %s", self._watched.name, type(error).__name__)
        else:
            if monotonic() <= self._must_end_at:
                self._answer = answer
        finally:
            connections.close_all()


SOURCES: dict[str, _WatchedSource] = {}
