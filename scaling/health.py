"""How this node is: probes with a time-out each, and its own load."""

import logging
import threading
from collections.abc import Callable, Mapping
from enum import StrEnum
from time import monotonic

import psutil

from scaling.probes import PROBE_SECONDS, probe_cache, probe_database, probe_queue

logger = logging.getLogger(__name__)
psutil.cpu_percent(interval=None)  # the first call only sets the mark that later ones measure from


class ProbeResult(StrEnum):
    CONNECTED = "connected"
    FAILED = "disconnected"
    TIMED_OUT = "timed out"


class TimedProbe:
    """Runs a probe in a thread of its own and waits for it no longer than `seconds`.

    A probe that hangs keeps its thread; until it ends no second one starts, so a dead dependency costs one thread.
    """

    def __init__(self, name: str, probe: Callable[[], None], seconds: float = PROBE_SECONDS) -> None:
        self.name = name
        self.seconds = seconds
        self._probe = probe
        self._lock = threading.Lock()
        self._run: _Run | None = None

    def start(self) -> "_Run":
        """The run that is under way, or a new one."""
        with self._lock:
            if self._run is None or not self._run.thread.is_alive():
                self._run = _Run(self)
                self._run.thread.start()
            return self._run

    def execute(self) -> ProbeResult:
        try:
            self._probe()
        except Exception as error:
            logger.warning("Health: %s does not answer: %s", self.name, type(error).__name__)
            return ProbeResult.FAILED
        return ProbeResult.CONNECTED


class _Run:
    def __init__(self, probe: TimedProbe) -> None:
        self.result = ProbeResult.TIMED_OUT
        self.must_end_at = monotonic() + probe.seconds
        self._probe = probe
        self.thread = threading.Thread(target=self._execute, name=f"probe-{probe.name}", daemon=True)

    def _execute(self) -> None:
        self.result = self._probe.execute()

    def wait(self) -> ProbeResult:
        self.thread.join(max(0.0, self.must_end_at - monotonic()))
        return self.result


PROBES = {
    "db": TimedProbe("db", probe_database),
    "redis": TimedProbe("redis", probe_cache),
    "queue": TimedProbe("queue", probe_queue),
}


def run_probes(probes: Mapping[str, TimedProbe] | None = None) -> dict[str, ProbeResult]:
    """Run all probes side by side; takes as long as the slowest, and never longer than its time-out."""
    runs = {name: probe.start() for name, probe in (probes or PROBES).items()}
    return {name: run.wait() for name, run in runs.items()}


def parts_that_do_not_answer() -> list[str]:
    """The names of what the site depends on and can't reach now."""
    return [name for name, result in run_probes().items() if result is not ProbeResult.CONNECTED]


def judge(results: Mapping[str, ProbeResult]) -> str:
    """`healthy`; `degraded` when something is away that the site can do without for a while; else `unhealthy`."""
    if results["db"] is not ProbeResult.CONNECTED:
        return "unhealthy"
    return "healthy" if all(result is ProbeResult.CONNECTED for result in results.values()) else "degraded"


def node_load() -> dict[str, float]:
    """CPU and memory in per cent; the CPU's since the last time somebody asked, so nobody waits for a sample."""
    return {"cpu": psutil.cpu_percent(interval=None), "memory": psutil.virtual_memory().percent}
