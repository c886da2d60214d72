"""How fast the inbox is used, by a worker of ours and by a Celery task an update."""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.intake_servers import Target, fresh_numbers
from benchmarks.load import update_body

PROJECT = Path(__file__).resolve().parent.parent


def fill(target: Target, updates: int) -> None:
    from bots.models import Bot, InboundUpdate
    from bots.services.inbox import store_updates

    empty()
    bot, first = Bot.objects.get(pk=target.bot_id), fresh_numbers()
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
    before, first = Message.objects.count(), fresh_numbers()
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
