"""For tests that start real processes: a clean environment, and who is still there afterwards."""

import os
import sys
import time
from pathlib import Path

import psutil

OURS = ("DATABASE_URL", "REDIS_URL", "REDIS_QUEUE_URL", "COVERAGE_PROCESS_START")


def clean_environment(data_dir: Path, **more: str) -> dict[str, str]:
    """The environment without the test run's own servers and settings, as a fresh shell has it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in OURS and not name.startswith(("ELECTIONSITE_", "DJANGO_", "PYTEST_", "PYTHONWARNINGS"))
    }
    return {**kept, "ELECTIONSITE_DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1", **more}


def processes_of(data_dir: Path) -> list[psutil.Process]:
    """The processes, other than this one, with `data_dir` in their command line, environment or working directory."""
    return [
        process for process in psutil.process_iter() if process.pid != os.getpid() and _belongs(process, str(data_dir))
    ]


def _belongs(process: psutil.Process, folder: str) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        words = [*process.cmdline(), process.cwd(), process.environ().get("ELECTIONSITE_DATA_DIR", "")]
    except psutil.Error:
        return False
    return any(folder in word for word in words)


def wait_until(condition, seconds: float = 10.0) -> bool:
    """Whether `condition` came true in time."""
    give_up_at = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.02)
    return True


PYTHON = sys.executable
