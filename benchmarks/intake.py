"""How many updates the intake takes a second and how fast the inbox is used; in one run with the alternatives.

    .venv/bin/python benchmarks/intake.py [--seconds 8] [--rounds 3] [--quick] [--json] [--sustained 300]

Starts an embedded PostgreSQL (durable, as it comes) and Redis in a temporary folder. Each server is asked in turn by
benchmarks/load.py, which shares the machine's processors with it and with PostgreSQL; told is the median of the rounds.
What a server computes for each update (CPU) says more than its speed while others use the machine.

Intake: 64 and 256 connections, each waiting for its answer. Beside it a Django view that creates by the ORM (gunicorn,
gthread), aiohttp with asyncpg, and pgbench, which inserts one row a transaction by 64 clients without any HTTP.
Projection: one worker draining the inbox, beside a Celery task an update (`update_or_create`, then `create`).

--sustained runs intake and projection together: ten seconds as fast as the intake accepts, to see how fast the worker
is beside it, and then for so many seconds at that rate. The backlog is drawn to docs/images/intake-backlog.svg.
"""

import argparse
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

PROJECT = Path(__file__).resolve().parent.parent
sys.path[0] = str(PROJECT)  # as for a module of the project, which gunicorn imports the rivals as, too

from benchmarks.load import Load, update_body  # noqa: E402 (after the path is known)

PICTURE = PROJECT / "docs" / "images" / "intake-backlog.svg"
CONNECTIONS = (64, 256)
WARM_UP_SECONDS = 1.0
PRESSED_SECONDS = 10
PGBENCH = """
\\set number random(1, 9000000000000000000)
INSERT INTO bots_inboundupdate (bot_id, source, state, received_at, kind, reason, update_id, body)
VALUES (:bot, 'webhook', 'pending', now(), '', '', :number, repeat('x', 500)) ON CONFLICT DO NOTHING;
"""
_blocks = count(1)


@dataclass(frozen=True)
class Target:
    """The bot that updates are sent to."""

    bot_id: int
    path: str
    secret: str


# The servers.


def commands(port: int, target: Target) -> dict[str, list[str]]:
    python, bind = sys.executable, f"127.0.0.1:{port}"
    gunicorn = [python, "-m", "gunicorn", "--bind", bind, "--log-level", "error", "--no-control-socket"]
    asgi = ["--worker-class", "asgi", "--asgi-loop", "uvloop", "benchmarks.intake_rivals:make_asgi()"]
    uvicorn = [python, "-m", "uvicorn", "--factory", "benchmarks.intake_rivals:make_asgi", "--port", str(port)]
    database = os.environ["DATABASE_URL"]
    return {
        "intake, two processes": [python, "manage.py", "run_intake", "--port", str(port), "--processes", "2"],
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
    words = (port, target.path, target.secret, connections, seconds, next(_blocks) * 10**7, per_second)
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


# Projection.


def fill(target: Target, updates: int) -> None:
    from bots.models import Bot, InboundUpdate
    from bots.services.inbox import store_updates

    empty()
    bot, first = Bot.objects.get(pk=target.bot_id), next(_blocks) * 10**7
    for start in range(first, first + updates, 1000):
        bodies = [update_body(number) for number in range(start, start + 1000)]
        store_updates(bot=bot, bodies=bodies, source=InboundUpdate.Source.WEBHOOK)


def empty() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE bots_inboundupdate")
        cursor.execute("VACUUM (ANALYZE) bots_inboundupdate")


def measure_projection(target: Target, updates: int, rounds: int) -> float:
    """Updates a second, by one worker."""
    from bots.projection.worker import project_inbox

    speeds = []
    for _round in range(rounds):
        fill(target, updates)
        started = time.perf_counter()
        handled = project_inbox().total
        speeds.append(handled / (time.perf_counter() - started))
        if handled != updates:
            raise SystemExit(f"{handled} of {updates} updates were handled.")
    return statistics.median(speeds)


def measure_celery(target: Target, updates: int) -> float:
    """Updates a second, by one worker process; its start isn't counted."""
    from benchmarks.intake_rivals import make_celery
    from bots.models import Message
    from common.server_addresses import celery_address

    os.environ["RIVALS_BROKER"] = celery_address(os.environ["REDIS_URL"])
    task = make_celery().tasks["rivals.use"]
    before, first = Message.objects.count(), next(_blocks) * 10**7
    for number in range(first, first + updates):
        task.delay(target.bot_id, number, update_body(number).decode())
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "celery",
        "--quiet",
        "--app",
        "benchmarks.intake_rivals:celery_app",
    ]
    command += ["worker", "--concurrency", "1", "--loglevel", "ERROR", "--without-gossip", "--without-mingle"]
    process = subprocess.Popen(command, cwd=PROJECT)
    try:
        while (began := Message.objects.count() - before) == 0:
            if process.poll() is not None:
                raise SystemExit("The Celery worker doesn't start.")
            time.sleep(0.01)
        started = time.perf_counter()
        while (done := Message.objects.count() - before) < updates:
            time.sleep(0.05)
        return (done - began) / (time.perf_counter() - started)
    finally:
        process.terminate()
        process.wait(30)


# Both at once.


def sustain(target: Target, seconds: int) -> dict[str, Any]:
    """Intake and projection together: what is accepted and used a second, and the backlog each second."""
    pressed, backlog = run_both(target, PRESSED_SECONDS, per_second=0)
    rate = (pressed.accepted - backlog[-1]) // PRESSED_SECONDS
    empty()
    accepted, backlog = run_both(target, seconds, per_second=rate)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(draw(backlog))
    return {
        "seconds": seconds,
        "accepted_per_second_at_most": round(pressed.per_second),
        "sustained_per_second": round(accepted.per_second),
        "p99_milliseconds": round(accepted.p99_milliseconds, 1),
        "largest_backlog": max(backlog),
        "backlog_at_the_end": backlog[-1],
    }


def run_both(target: Target, seconds: int, *, per_second: int) -> tuple[Load, list[int]]:
    """What was accepted, and how many updates waited each second."""
    from bots.models import InboundUpdate

    port, backlog = free_port(), []
    pending = InboundUpdate.objects.filter(state=InboundUpdate.State.PENDING)
    worker = subprocess.Popen([sys.executable, "benchmarks/intake.py", "--work"], cwd=PROJECT)
    with running(commands(port, target)["intake, two processes"], port):
        command = load_command(port, target, 64, seconds, per_second)
        load = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
        for _second in range(seconds):
            time.sleep(1)
            backlog.append(pending.count())
        accepted = Load(**json.loads(load.communicate()[0]))
        worker.terminate()
        worker.wait(30)
    return accepted, backlog


def work() -> None:
    """A worker: drain, and begin again."""
    from bots.projection.worker import project_inbox

    while True:
        if not project_inbox().total:
            time.sleep(0.05)


def draw(backlog: list[int]) -> str:
    """The backlog over time as an SVG picture."""
    width, height, margin = 720, 240, 50
    highest = max(*backlog, 1)
    x_step, y_step = (width - 2 * margin) / max(len(backlog) - 1, 1), (height - 2 * margin) / highest
    points = " ".join(
        f"{margin + second * x_step:.1f},{height - margin - waiting * y_step:.1f}"
        for second, waiting in enumerate(backlog)
    )
    bottom = height - margin
    box = f'viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12"'
    return f"""<svg xmlns="http://www.w3.org/2000/svg" {box}>
<rect width="{width}" height="{height}" fill="#fff"/>
<text x="{margin}" y="24" font-size="14">Updates that wait, while intake and projection run at once</text>
<path d="M{margin} {margin}V{bottom}H{width - margin}" fill="none" stroke="#888"/>
<text x="{margin - 6}" y="{margin + 4}" text-anchor="end">{highest:,}</text>
<text x="{margin - 6}" y="{bottom + 4}" text-anchor="end">0</text>
<text x="{margin}" y="{bottom + 18}">0 s</text>
<text x="{width - margin}" y="{bottom + 18}" text-anchor="end">{len(backlog)} s</text>
<polyline points="{points}" fill="none" stroke="#0b6e99" stroke-width="2"/>
</svg>
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def prepare() -> Target:
    set_up()
    from django.core.management import call_command

    from accounts.models import Candidate
    from bots.services.bots import create_bot

    call_command("migrate", verbosity=0)
    candidate = Candidate.objects.create(code="c", name="c")
    bot = create_bot(candidate=candidate, slug="b", name="b", actor=None)
    return Target(bot.pk, bot.webhook_path, bot.webhook_secret)


def set_up() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "electionsite.settings"
    import django

    django.setup()


def run_all(options: argparse.Namespace) -> dict[str, Any]:
    from common.embedded import provide_servers

    seconds, rounds, updates, tasks = (
        (2, 1, 20_000, 300) if options.quick else (options.seconds, options.rounds, 100_000, 2000)
    )
    with tempfile.TemporaryDirectory(prefix="electionsite-benchmark-") as name:
        # Never the servers that this machine's environment names: theirs are other people's data.
        for variable in ("DATABASE_URL", "DATABASE_URL_FILE", "REDIS_URL", "REDIS_URL_FILE"):
            os.environ.pop(variable, None)
        os.environ |= {"ELECTIONSITE_DATA_DIR": name, "ELECTIONSITE_ENVIRONMENT": "development"}
        os.environ |= {"ELECTIONSITE_RATE_LIMITS": "false", "ELECTIONSITE_LOG_LEVEL": "ERROR"}
        provide_servers(Path(name))
        target = prepare()
        if options.sustained:
            return {"benchmark": "intake", "sustained": sustain(target, options.sustained)}
        servers = measure_servers(target, seconds, rounds)
        pgbench = statistics.median(measure_pgbench(target, seconds) for _round in range(rounds))
        projected = measure_projection(target, updates, rounds)
        celery = measure_celery(target, tasks)
    return summarise(servers, pgbench, projected, celery)


def summarise(servers: list[dict[str, Any]], pgbench: float, projected: float, celery: float) -> dict[str, Any]:
    at = {(row["way"], row["connections"]): row for row in servers}
    ours, many = at["intake, two processes", 64]["per_second"], at["intake, two processes", 256]
    return {
        "benchmark": "intake",
        "servers": servers,
        "pgbench_per_second": round(pgbench),
        "ratio_to_orm": round(ours / at["Django view, ORM create", 64]["per_second"], 1),
        "ratio_to_aiohttp": round(ours / at["aiohttp and asyncpg", 64]["per_second"], 1),
        "ratio_to_pgbench": round(ours / pgbench, 2),
        "p99_milliseconds": many["p99_milliseconds"],
        "projected_per_second": round(projected),
        "celery_per_second": round(celery),
        "ratio_to_celery": round(projected / celery),
    }


def show(figures: dict[str, Any]) -> None:
    if "sustained" in figures:
        for name, value in figures["sustained"].items():
            print(f"{name.replace('_', ' '):<28}{value:>12,}")  # noqa: T201
        return
    print(f"{'Updates accepted':<38}{'Clients':>8}{'a second':>10}{'p99 ms':>9}{'CPU us':>9}")  # noqa: T201
    for row in figures["servers"]:
        speeds = f"{row['connections']:>8}{row['per_second']:>10,}{row['p99_milliseconds']:>9}"
        speeds += f"{row['cpu_microseconds']:>9}"
        print(f"{row['way']:<38}{speeds}")  # noqa: T201
    print(f"{'pgbench, one-row inserts':<38}{64:>8}{figures['pgbench_per_second']:>10,}")  # noqa: T201
    for name in ("ratio_to_orm", "ratio_to_aiohttp", "ratio_to_pgbench"):
        print(f"{name.replace('_', ' '):<46}{figures[name]:>10}")  # noqa: T201
    print(f"\n{'Updates used, one worker':<46}{figures['projected_per_second']:>10,}")  # noqa: T201
    print(f"{'a Celery task an update':<46}{figures['celery_per_second']:>10,}")  # noqa: T201
    print(f"{'ratio to celery':<46}{figures['ratio_to_celery']:>10}")  # noqa: T201


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=8, help="of load for each figure")
    parser.add_argument("--rounds", type=int, default=3, help="whose median is told")
    parser.add_argument("--quick", action="store_true", help="one short round, about a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    parser.add_argument("--sustained", type=int, default=0, help="seconds of intake and projection at once")
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        set_up()
        work()
    figures = run_all(options)
    if options.json:
        print(json.dumps(figures))  # noqa: T201
    else:
        show(figures)


if __name__ == "__main__":
    main()
