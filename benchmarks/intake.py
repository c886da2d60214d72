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
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path[0] = str(PROJECT)  # as for a module of the project, which gunicorn imports the rivals as, too

from benchmarks.inbox import empty, measure_celery, measure_projection  # noqa: E402 (after the path is known)
from benchmarks.intake_servers import (  # noqa: E402
    OURS,
    Target,
    commands,
    free_port,
    load_command,
    measure_pgbench,
    measure_servers,
    running,
)
from benchmarks.load import Load  # noqa: E402
from benchmarks.own_site import own_site, start_django  # noqa: E402

PICTURE = PROJECT / "docs" / "images" / "intake-backlog.svg"
PRESSED_SECONDS = 10


def prepare() -> Target:
    from accounts.models import Candidate
    from bots.services.bots import create_bot

    candidate = Candidate.objects.create(code="c", name="c")
    bot = create_bot(candidate=candidate, slug="b", name="b", actor=None)
    return Target(bot.pk, bot.webhook_path, bot.webhook_secret)


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
    with running(commands(port, target)[OURS], port):
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


def run_all(options: argparse.Namespace) -> dict[str, Any]:
    seconds, rounds, updates, tasks = (
        (2, 1, 20_000, 300) if options.quick else (options.seconds, options.rounds, 100_000, 2000)
    )
    # Limits would refuse this machine after a second.
    with own_site(ELECTIONSITE_RATE_LIMITS="false", ELECTIONSITE_LOG_LEVEL="ERROR"):
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
    ours, many = at[OURS, 64]["per_second"], at["intake, two processes", 256]
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
        start_django()
        work()
    figures = run_all(options)
    if options.json:
        print(json.dumps(figures))  # noqa: T201
    else:
        show(figures)


if __name__ == "__main__":
    main()
