"""Processes side by side: what they write, how they end."""

import socket
import sys
import time

import psutil
import pytest

from common.testing.processes import wait_until
from electionsite.local import supervisor as module
from electionsite.local.supervisor import Ended, Supervisor
from electionsite.local.web import free_port

SLEEP = "import time; time.sleep(60)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True)"


def _python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.fixture
def written():
    return []


@pytest.fixture
def supervisor(written):
    supervisor = Supervisor(write=lambda name, line: written.append((name, line)))
    yield supervisor
    supervisor.stop()


def test_shows_lines_and_names_the_one_that_ended(supervisor, written):
    supervisor.start({"quick": _python("print('سلام'); raise SystemExit(3)"), "slow": _python(SLEEP)})
    assert supervisor.wait(may_go_on=lambda: True) == Ended("quick", 3)
    supervisor.stop()
    assert ("quick", "سلام") in written


def test_stops_waiting_when_told(supervisor):
    supervisor.start({"slow": _python(SLEEP)})
    assert supervisor.wait(may_go_on=lambda: False) is None


def test_ends_those_that_do_not_listen(supervisor, written, monkeypatch):
    monkeypatch.setattr(module, "STOP_SECONDS", 0.3)
    supervisor.start({"deaf": _python(f"{DEAF}; {SLEEP}")})
    assert wait_until(lambda: written)
    started_at = time.monotonic()
    supervisor.stop()
    assert time.monotonic() - started_at < 3
    assert supervisor.find_ended() == Ended("deaf", -9)


def test_ends_what_its_processes_started(supervisor, written):
    supervisor.start(
        {"parent": _python("import subprocess; print(subprocess.Popen(['/bin/sleep', '60']).pid, flush=True)")}
    )
    assert wait_until(lambda: written)
    grandchild = psutil.Process(int(written[0][1]))
    supervisor.stop()
    assert wait_until(lambda: not grandchild.is_running() or grandchild.status() == psutil.STATUS_ZOMBIE)


def test_stopping_before_anything_started_is_fine(supervisor):
    supervisor.stop()
    assert supervisor.find_ended() is None


def test_a_taken_port_gives_the_next_one():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) > port
