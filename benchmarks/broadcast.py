"""What a broadcast costs: queueing it, and sending it at the platform's limit; on this machine, in one run.

    .venv/bin/python benchmarks/broadcast.py [--people 100000] [--seconds 60] [--quick] [--everybody] [--json]

Starts an embedded PostgreSQL and Redis in a temporary folder, a server that behaves as Telegram's Bot API does, and
`manage.py send_broadcasts`, each a process of its own.

Queueing: from the decision to the last delivery committed. At the limit: messages that people have seen within so many
seconds, from a server that refuses the 31st within any second. Without a limit: the same with a server that takes
all and a pace of 1,000 a second, for what the sender itself can do. Memory is the sender's, from the first seconds of
sending to the last. With `--everybody` the limit is kept until the last of the people has the message (an hour for
100,000), and each must have it once.
"""

import argparse
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil

PROJECT = Path(__file__).resolve().parent.parent
sys.path[0] = str(PROJECT)

from benchmarks.own_site import own_site  # noqa: E402 (after the path is known)

TOKEN = "100:benchmark"  # noqa: S105 (of a server that lives as long as this run)
WARM_UP_SECONDS = 5
FASTEST_PER_SECOND = 1000
FILL = """
INSERT INTO bots_botuser (bot_id, platform_user_id, first_name, last_name, username, language_code, source, city, phone,
    phone_index, is_blocked, next_text_is, click_count, message_count, first_seen_at, last_seen_at)
SELECT %s, number, 'مریم', '', '', 'fa', '', 'tehran', '', '', false, '', 0, 0, now(), now()
FROM generate_series(1, %s) AS number
"""


@contextmanager
def process(*arguments: str) -> Iterator[psutil.Process]:
    """A process of the project for the length of a block; it is asked to end, and waited for."""
    started = subprocess.Popen([sys.executable, *arguments], cwd=PROJECT)
    try:
        yield psutil.Process(started.pid)
    finally:
        started.send_signal(signal.SIGTERM)
        started.wait(60)


@contextmanager
def platform(people: int, *options: str) -> Iterator[Any]:
    """A Bot API server with as many people who have a chat with the bot; yields its controls."""
    from bots.testing.bot_api.controls import Controls
    from bots.testing.bot_api.people import Person

    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    with process("-m", "bots.testing.bot_api", "--port", str(port), *options):
        controls = Controls(f"http://127.0.0.1:{port}")
        wait_for(lambda: _answers(port))
        controls.add_people([Person(id=number) for number in range(1, people + 1)], token=TOKEN)
        yield controls
        controls.close()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise SystemExit("It takes too long.")
        time.sleep(0.05)


def prepare(people: int) -> Any:
    """An empty database but for a bot with people and a plan; gives the bot."""
    from django.db import connection

    from accounts.models import Candidate
    from bots.models import Bot
    from plans.models import Plan, Subscription

    candidate = Candidate.objects.create(code="tehran", name="Tehran", city="tehran")
    plan = Plan.objects.create(code="basic", name_fa="پایه", name_en="Basic")
    Subscription.objects.create(candidate=candidate, plan=plan, price_rials=1)
    bot = Bot.objects.create(candidate=candidate, slug="tehran", name="Tehran", token=TOKEN)
    with connection.cursor() as cursor:
        cursor.execute(FILL, [bot.pk, people])
        cursor.execute("ANALYZE bots_botuser")
    return bot


def queue(bot: Any) -> tuple[Any, float]:
    """A broadcast to everybody that is being sent, and how many seconds its beginning took."""
    from bots.models import Broadcast
    from bots.services.broadcast_runs import start_broadcast

    broadcast = Broadcast.objects.create(
        candidate=bot.candidate, bot=bot, title="News", text="سلام! فردا ساعت ۱۸ منتظر شما هستیم.", state="scheduled"
    )
    started = time.perf_counter()
    broadcast = start_broadcast(broadcast_id=broadcast.pk, actor=None)
    return broadcast, time.perf_counter() - started


def is_done(broadcast: Any) -> bool:
    broadcast.refresh_from_db()
    return bool(broadcast.state == "done")


def measure_sending(bot: Any, people: int, seconds: float | None, *options: str) -> dict[str, Any]:
    """Queue, send for so many seconds, and stop; None: until everybody has it."""
    from bots.services.broadcast_runs import stop_broadcast

    with platform(people, *options) as controls:
        bot.api_root = controls.root
        bot.save()
        broadcast, queue_seconds = queue(bot)
        with process("manage.py", "send_broadcasts") as sender:
            wait_for(lambda: controls.shown_count() > 0)
            time.sleep(WARM_UP_SECONDS)
            before, memory, started = controls.shown_count(), sender.memory_info().rss, time.perf_counter()
            if seconds is None:
                wait_for(lambda: controls.shown_count() >= people, people)
            else:
                time.sleep(seconds)
            sent, took = controls.shown_count() - before, time.perf_counter() - started
            growth = sender.memory_info().rss - memory
            if seconds is None:
                wait_for(lambda: is_done(broadcast))
        everybody_has_it = controls.shown_count() == people == broadcast.deliveries.filter(state="sent").count()
        if seconds is None and not everybody_has_it:
            raise SystemExit("Not everybody has the message once.")
        broadcast.refresh_from_db()
        if broadcast.state == "sending":
            stop_broadcast(broadcast_id=broadcast.pk, actor=None)
        refused = broadcast.deliveries.filter(attempts__gt=1).count()
    return {
        "queue_seconds": round(queue_seconds, 2),
        "per_second": round(sent / took, 2),
        "messages": sent,
        "tried_again": refused,
        "memory_growth_mb": round(growth / 1024**2, 1),
    }


def run_all(people: int, seconds: float, *, everybody: bool) -> dict[str, Any]:
    with own_site():
        bot = prepare(people)
        from constance import config

        config.BROADCAST_APPROVAL_PEOPLE = people
        limit = config.BROADCAST_MESSAGES_PER_SECOND
        at_limit = measure_sending(bot, people, None if everybody else seconds)
        config.BROADCAST_MESSAGES_PER_SECOND = FASTEST_PER_SECOND
        without = measure_sending(bot, people, seconds, "--no-limits")
    return {
        "benchmark": "broadcast",
        "people": people,
        "queue_seconds": max(at_limit["queue_seconds"], without["queue_seconds"]),
        "rate_per_second": at_limit["per_second"],
        "limit_per_second": limit,
        "off_by_percent": round(100 * (at_limit["per_second"] / limit - 1), 1),
        "tried_again": at_limit["tried_again"],
        "fastest_per_second": without["per_second"],
        "messages": at_limit["messages"] + without["messages"],
        "memory_growth_mb": max(at_limit["memory_growth_mb"], without["memory_growth_mb"]),
    }


def show(figures: dict[str, Any]) -> None:
    rows = [
        (f"Queueing for {figures['people']:,} people", f"{figures['queue_seconds']:.2f} s"),
        ("Sending, messages a second", f"{figures['rate_per_second']:.2f}"),
        ("the limit", f"{figures['limit_per_second']}"),
        ("off by", f"{figures['off_by_percent']:.1f}%"),
        ("refused for coming too soon", f"{figures['tried_again']:,}"),
        ("Without a limit, messages a second", f"{figures['fastest_per_second']:.0f}"),
        (f"Memory grown, {figures['messages']:,} messages", f"{figures['memory_growth_mb']:.1f} MB"),
    ]
    for what, how_much in rows:
        print(f"{what:<44}{how_much:>10}")  # noqa: T201


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=60, help="of sending, for each of the two")
    parser.add_argument("--quick", action="store_true", help="for fifteen seconds each, under a minute")
    parser.add_argument("--everybody", action="store_true", help="at the limit until the last one has it")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    options = parser.parse_args()
    figures = run_all(options.people, 15 if options.quick else options.seconds, everybody=options.everybody)
    if options.json:
        print(json.dumps(figures))  # noqa: T201
    else:
        show(figures)


if __name__ == "__main__":
    main()
