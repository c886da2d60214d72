"""The servers that take updates, ours and others, and how fast each is."""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psutil

from benchmarks.load import Load

PROJECT = Path(__file__).resolve().parent.parent
OURS = "intake, two processes"
CONNECTIONS = (64, 256)
WARM_UP_SECONDS = 1.0
PGBENCH = """
\\set number random(1, 9000000000000000000)
INSERT INTO bots_inboundupdate (bot_id, source, state, received_at, kind, reason, update_id, body)
VALUES (:bot, 'webhook', 'pending', now(), '', '', :number, repeat('x', 500)) ON CONFLICT DO NOTHING;
"""
_blocks = count(1)


def fresh_numbers() -> int:
    """The first of ten million update numbers that nobody has used yet."""
    return next(_blocks) * 10**7


@dataclass(frozen=True)
class Target:
    """The bot that updates are sent to."""

    bot_id: int
    path: str
    secret: str


def commands(port: int, target: Target) -> dict[str, list[str]]:
    python, bind = sys.executable, f"127.0.0.1:{port}"
    gunicorn = [python, "-m", "gunicorn", "--bind", bind, "--log-level", "error", "--no-control-socket"]
    asgi = ["--worker-class", "asgi", "--asgi-loop", "uvloop", "benchmarks.intake_rivals:make_asgi()"]
    uvicorn = [python, "-m", "uvicorn", "--factory", "benchmarks.intake_rivals:make_asgi", "--port", str(port)]
    database = os.environ["DATABASE_URL"]
    return {
        OURS: [python, "manage.py", "run_intake", "--port", str(port), "--processes", "2"],
        "intake, one process": [python, "manage.py", "run_intake", "--port", str(port), "--processes", "1"],
        "the same as ASGI, uvicorn": [
            *(*uvicorn, "--workers", "2", "--loop", "uvloop", "--http", "httptools"),
            *("--no-access-log", "--log-level", "warning"),
        ],
        "the same as ASGI, gunicorn": [*gunicorn, "--workers", "2", *asgi],
        "Django view, ORM create": [
            *(*gunicorn, "--workers", "2", "--worker-class", "gthread", "--threads", "8"),
            "benchmarks.intake_rivals:make_django()",
        ],
        "aiohttp and asyncpg": [
            *(python, "benchmarks/intake_rivals.py", str(port), database, str(target.bot_id), target.secret)
        ],
    }


@contextmanager
def running(command: list[str], port: int) -> Iterator[psutil.Process]:
    process = subprocess.Popen(command, cwd=PROJECT)
    try:
        give_up_at = time.monotonic() + 60
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > give_up_at:
                raise SystemExit(f"It doesn't start: {command}")
            time.sleep(0.1)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def load_command(port: int, target: Target, connections: int, seconds: float, per_second: int = 0) -> list[str]:
    words = (port, target.path, target.secret, connections, seconds, fresh_numbers(), per_second)
    return [sys.executable, "benchmarks/load.py", *map(str, words)]


def measure(port: int, target: Target, connections: int, seconds: float) -> Load:
    command = load_command(port, target, connections, seconds)
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True, timeout=seconds + 60)
    return Load(**json.loads(done.stdout))


def cpu_seconds(server: psutil.Process) -> float:
    """What the server's processes have computed so far, in the kernel, too."""
    times = [process.cpu_times() for process in (server, *server.children(recursive=True))]
    return sum(each.user + each.system for each in times)


def measure_servers(target: Target, seconds: float, rounds: int) -> list[dict[str, Any]]:
    port = free_port()
    found: dict[tuple[str, int], list[Load]] = {}
    computed: dict[tuple[str, int], list[float]] = {}
    for _round in range(rounds):
        for way, command in commands(port, target).items():
            with running(command, port) as server:
                measure(port, target, 8, WARM_UP_SECONDS)
                for connections in CONNECTIONS:
                    before = cpu_seconds(server)
                    load = measure(port, target, connections, seconds)
                    spent = (cpu_seconds(server) - before) / max(load.accepted, 1)
                    found.setdefault((way, connections), []).append(load)
                    computed.setdefault((way, connections), []).append(1e6 * spent)
    return [
        {
            "way": way,
            "connections": connections,
            "per_second": round(statistics.median(load.per_second for load in loads)),
            "p99_milliseconds": round(statistics.median(load.p99_milliseconds for load in loads), 1),
            "cpu_microseconds": round(statistics.median(computed[way, connections])),
            "refused": sum(load.refused for load in loads),
        }
        for (way, connections), loads in found.items()
    ]


def measure_pgbench(target: Target, seconds: float) -> float:
    """Transactions a second."""
    from common.embedded.postgresql import PostgresqlServer

    programs = PostgresqlServer(Path(os.environ["ELECTIONSITE_DATA_DIR"])).programs
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(PGBENCH)
        script.flush()
        command = [str(programs / "pgbench"), "-n", "-c", "64", "-j", "2", "-T", str(int(seconds)), "-M", "prepared"]
        command += ["-D", f"bot={target.bot_id}", "-f", script.name, os.environ["DATABASE_URL"]]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.rpartition("tps = ")[2].split()[0])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port
