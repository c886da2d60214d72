"""How fast subscribers change plans, and in how much memory; on this machine, in one run.

    .venv/bin/python benchmarks/move_subscribers.py [--subscribers 1000000] [--rounds 3] [--quick] [--json]

Starts an embedded PostgreSQL with durable defaults in a temporary folder.

Ours is the service that staff's moves go through: a row per subscriber, parts of 20,000, counts, the audit log.
`speedup` compares it with the loop that a Django developer writes first, and that promises none of this:

    for subscription in subscriptions:
        subscription.plan = new
        subscription.save()

`speedup_same_promise` compares it with a loop that does for each subscriber by itself what ours does: the subscription
is locked and saved, its row is saved, the count is raised, in one transaction, so that a kill leaves nothing half done.
A loop would take too long for all, so it is measured on the first few thousand; the time of one is the same for each.
Each round measures the three one after the other; a ratio is the median of the rounds'.

Each way runs in a process of its own, so that its peak memory is its own; ours also with a tenth of the subscribers, to
show that memory doesn't grow. The database is vacuumed between them.
"""

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path[0] = str(PROJECT)  # not this file's own folder: its names would hide the project's

from benchmarks.own_site import own_site, start_django  # noqa: E402 (after the path is known)

CANDIDATES = """
INSERT INTO accounts_candidate (code, name, city, region, constituency, contact_name, phone, phone_index, email,
    email_index, created_at)
SELECT 'candidate-' || n, 'نامزد ' || n, 'tehran', 'tehran', '', '', '', '', '', '', now()
FROM generate_series(%(first)s::int, %(last)s::int) AS n
"""
SUBSCRIPTIONS = """
INSERT INTO plans_subscription (candidate_id, plan_id, bought_plan_id, price_rials, is_of_tester, started_at)
SELECT candidate.id, plan.id, plan.id, 100, false, now() - interval '30 days'
FROM accounts_candidate AS candidate, plans_plan AS plan
WHERE plan.code = 'basic' AND candidate.id > (SELECT coalesce(max(candidate_id), 0) FROM plans_subscription)
ORDER BY candidate.id
"""
PUT_BACK = """
UPDATE plans_subscription SET plan_id = (SELECT id FROM plans_plan WHERE code = 'basic')
WHERE plan_id = (SELECT id FROM plans_plan WHERE code = 'standard')
"""


def by_service(limit: int) -> int:
    from plans.services.moves import migrate_users_to_new_plan

    move = migrate_users_to_new_plan(old_code="basic", new_code="standard", reason="benchmark", actor=None)
    if move.moved_count != limit:
        raise SystemExit(f"{move.moved_count} moved, not {limit}")
    return move.moved_count


def by_careful_loop(limit: int) -> int:
    from django.db import transaction
    from django.db.models import F

    from plans.models import Plan, SubscriberMove, SubscriberMoveRow, Subscription

    old, new = Plan.objects.get(code="basic"), Plan.objects.get(code="standard")
    move = SubscriberMove.objects.create(old_plan=old, new_plan=new, reason="loop")
    count = 0
    for number in Subscription.objects.filter(plan=old, ended_at=None).order_by("pk").values_list("pk")[:limit]:
        with transaction.atomic():
            subscription = Subscription.objects.select_for_update().get(pk=number[0])
            subscription.plan = new
            subscription.save()
            SubscriberMoveRow.objects.create(move=move, subscription=subscription, outcome="moved")
            SubscriberMove.objects.filter(pk=move.pk).update(moved_count=F("moved_count") + 1)
        count += 1
    return count


def by_plain_loop(limit: int) -> int:
    from plans.models import Plan, Subscription

    new = Plan.objects.get(code="standard")
    count = 0
    for subscription in (
        Subscription.objects.filter(plan__code="basic", ended_at=None).order_by("pk")[:limit].iterator()
    ):
        subscription.plan = new
        subscription.save()
        count += 1
    return count


WAYS: dict[str, tuple[str, Callable[[int], int]]] = {
    "service": ("migrate_users_to_new_plan", by_service),
    "careful": ("a loop that promises the same", by_careful_loop),
    "plain": ("a loop that saves each", by_plain_loop),
}


def measure(name: str, limit: int) -> None:
    start_django()
    from django.db import connection

    connection.ensure_connection()
    started = time.perf_counter()
    moved = WAYS[name][1](limit)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"way": WAYS[name][0], "moved": moved, "seconds": round(seconds, 3), "peak_bytes": peak}))  # noqa: T201


def in_own_process(name: str, limit: int) -> dict[str, Any]:
    put_everybody_back()
    command = [sys.executable, __file__, "--measure", name, "--subscribers", str(limit)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {**figures, "per_second": round(figures["moved"] / figures["seconds"])}


def put_everybody_back() -> None:
    """Everybody on the old plan again, in tables as they are after a quiet night."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE plans_subscribermoverow, plans_subscribermovepart, plans_subscribermove")
        cursor.execute(PUT_BACK)
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def add_subscribers(first: int, last: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(CANDIDATES, {"first": first, "last": last})
        cursor.execute(SUBSCRIPTIONS)


def prepare() -> None:
    from plans.services import create_plan

    for code, price in (("basic", 100), ("standard", 250)):
        create_plan(code=code, name_fa=code, name_en=code, price_rials=price, actor=None)


def run_all(subscribers: int, looped: int, rounds: int) -> dict[str, Any]:
    with own_site():
        prepare()
        add_subscribers(1, subscribers // 10)
        smaller = in_own_process("service", subscribers // 10)
        add_subscribers(subscribers // 10 + 1, subscribers)
        limits = {"plain": looped, "careful": looped, "service": subscribers}
        measured = [{name: in_own_process(name, limit) for name, limit in limits.items()} for _round in range(rounds)]

    def times_as_fast_as(way: str) -> float:
        ratios: list[float] = [one["service"]["per_second"] / one[way]["per_second"] for one in measured]
        return round(statistics.median(ratios), 1)

    return {
        "benchmark": "move_subscribers",
        "subscribers": subscribers,
        "looped": looped,
        "ways": [smaller, *(figures for one in measured for figures in one.values())],
        "speedup": times_as_fast_as("plain"),
        "speedup_same_promise": times_as_fast_as("careful"),
        "memory_growth_bytes": max(one["service"]["peak_bytes"] for one in measured) - smaller["peak_bytes"],
    }


def show(figures: dict[str, Any]) -> None:
    print(f"{'Way':<38}{'Moved':>10}{'Seconds':>10}{'A second':>10}{'Peak MB':>9}")  # noqa: T201
    for row in figures["ways"]:
        speed, peak = row["per_second"], row["peak_bytes"] / 1e6
        print(f"{row['way']:<38}{row['moved']:>10,}{row['seconds']:>10.2f}{speed:>10,}{peak:>9.0f}")  # noqa: T201
    print(f"\nAs fast as a loop that saves each: {figures['speedup']:.0f} times", end="")  # noqa: T201
    print(f"; as one that promises the same: {figures['speedup_same_promise']:.0f} times")  # noqa: T201


def main() -> None:
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--subscribers", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="20,000 subscribers, under a minute")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument("--measure", choices=sorted(WAYS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure, options.subscribers)
        return
    subscribers, looped, rounds = (20_000, 1_000, 1) if options.quick else (options.subscribers, 5_000, options.rounds)
    figures = run_all(subscribers, looped, rounds)
    if options.json:
        print(json.dumps(figures))  # noqa: T201
    else:
        show(figures)


if __name__ == "__main__":
    main()
