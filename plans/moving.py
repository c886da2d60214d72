"""How subscribers change plans: in parts of thousands, each part a transaction that a kill can't leave half done."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, OperationalError, connection, transaction
from django.utils import timezone

from common.text import clean_text
from plans.models import SubscriberMove, SubscriberMoveRow

PART_SIZE = 20_000
LONGEST_WHY = 200
# Any number that nobody else uses: two moves that lock the same subscribers in different orders would deadlock.
ONE_PART_AT_A_TIME = 7_204_011

State, Outcome = SubscriberMove.State, SubscriberMoveRow.Outcome
Progress = Callable[[int, int], None]

LOCK_PARTS = "SELECT pg_advisory_xact_lock(%s)"
# What the planner knows of a table that was filled a moment ago is wrong by orders of magnitude. Left to itself it may
# sort all rows that wait for each part, or compare everybody of a part with everybody.
PLAN_FOR_MANY = "SELECT set_config('enable_nestloop', 'off', true), set_config('enable_sort', 'off', true)"
TAKE_SUBSCRIBERS = """
INSERT INTO plans_subscribermoverow (move_id, subscription_id, outcome, why)
SELECT %(move)s, id, 'waiting', '' FROM plans_subscription WHERE plan_id = %(plan)s AND ended_at IS NULL
"""
# A subscriber whom another transaction is changing is waited for, and then judged as that one left them. That each
# table is told the part's bounds keeps the planner from reading all of it for each part.
CHANGE_PLAN = """
WITH changed AS (
    UPDATE plans_subscription AS subscription SET plan_id = %(target)s
    FROM unnest(%(subscriptions)s::bigint[]) AS wanted (id)
    WHERE subscription.id = wanted.id AND subscription.id BETWEEN %(first)s AND %(last)s
        AND subscription.plan_id = %(source)s AND subscription.ended_at IS NULL
        AND NOT EXISTS (
            SELECT FROM plans_subscribermoverow AS later
            WHERE later.subscription_id = wanted.id AND later.subscription_id BETWEEN %(first)s AND %(last)s
                AND later.move_id > %(move)s AND later.outcome IN ('moved', 'kept')
        )
    RETURNING subscription.id
)
UPDATE plans_subscribermoverow AS line SET outcome = %(outcome)s
FROM changed
WHERE line.move_id = %(move)s AND line.subscription_id = changed.id
    AND line.subscription_id BETWEEN %(first)s AND %(last)s
"""
LEAVE_THE_REST = """
UPDATE plans_subscribermoverow AS line
SET outcome = %(outcome)s,
    why = CASE WHEN subscription.ended_at IS NOT NULL THEN 'ended'
        WHEN subscription.plan_id = %(target)s THEN 'there-already'
        WHEN subscription.plan_id <> %(source)s THEN 'other-plan'
        ELSE 'later-move' END
FROM unnest(%(subscriptions)s::bigint[]) AS wanted (id)
JOIN plans_subscription AS subscription ON subscription.id = wanted.id
WHERE line.move_id = %(move)s AND line.subscription_id = wanted.id AND line.outcome = %(takes)s
    AND line.subscription_id BETWEEN %(first)s AND %(last)s AND subscription.id BETWEEN %(first)s AND %(last)s
"""


@dataclass(frozen=True)
class Direction:
    """There or back: which rows are taken, and what they are called afterwards."""

    running: str
    finished: str
    takes: str
    changes: str
    leaves: str
    fails: str


THERE = Direction(State.RUNNING, State.DONE, Outcome.WAITING, Outcome.MOVED, Outcome.SKIPPED, Outcome.FAILED)
BACK = Direction(State.UNDOING, State.UNDONE, Outcome.MOVED, Outcome.RETURNED, Outcome.KEPT, Outcome.KEPT)


def lock_move(move_id: int) -> SubscriberMove | None:
    """The move, locked until the transaction ends; None where there is none."""
    moves = SubscriberMove.objects.select_related("old_plan", "new_plan", "actor")
    return moves.select_for_update(of=("self",)).filter(pk=move_id).first()


@transaction.atomic
def take_subscribers(move_id: int) -> None:
    """Write down whom the move is about: all who have the old plan now. Done once, however often it is called."""
    move = lock_move(move_id)
    if move is None or move.state != State.QUEUED:
        return
    with connection.cursor() as cursor:
        cursor.execute(TAKE_SUBSCRIBERS, {"move": move.pk, "plan": move.old_plan_id})
        move.before_count = cursor.rowcount
    move.state, move.started_at = State.RUNNING, timezone.now()
    move.save(update_fields=["before_count", "state", "started_at"])


def run_parts(
    move_id: int, way: Direction, *, finish: Callable[[SubscriberMove], None], on_progress: Progress | None
) -> None:
    """Go through all rows that wait, part by part; `finish` is called in the transaction that finds none left.

    Several may run the same move at once: each part is taken by one of them. `on_progress` gets how many rows have
    been through and how many there are, after each part.
    """
    last = 0
    while (part := _run_part(move_id, way, after=last, finish=finish)) is not None:
        last, handled, total = part
        if on_progress:
            on_progress(handled, total)


@transaction.atomic
def _run_part(
    move_id: int, way: Direction, *, after: int, finish: Callable[[SubscriberMove], None]
) -> tuple[int, int, int] | None:
    """One part: its last subscription, how many rows have been through, and how many there are; None at the end."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_PARTS, [ONE_PART_AT_A_TIME])
        cursor.execute(PLAN_FOR_MANY)
    move = lock_move(move_id)
    if move is None or move.state != way.running:
        return None
    waiting = SubscriberMoveRow.objects.filter(move=move, outcome=way.takes, subscription_id__gt=after)
    part = list(waiting.order_by("subscription_id").values_list("subscription_id", flat=True)[:PART_SIZE])
    if not part:
        finish(move)
        return None
    for outcome, number in _change(move, way, part).items():
        setattr(move, f"{outcome}_count", getattr(move, f"{outcome}_count") + number)
    move.save(update_fields=[f"{outcome}_count" for outcome in (way.changes, way.leaves, way.fails)])
    return part[-1], move.handled_count, move.total_count


def _change(move: SubscriberMove, way: Direction, subscriptions: list[int]) -> dict[str, int]:
    """Change the plan of those who can be; gives how many came to which outcome. The subscriptions are in order.

    Where the database refuses, the part is halved until the one whom it refuses is found; the others aren't held up.
    A lost connection or a lock not given is no refusal of anybody, and ends the run.
    """
    try:
        with transaction.atomic():
            return _change_at_once(move, way, subscriptions)
    except OperationalError:
        raise
    except DatabaseError as error:
        if len(subscriptions) == 1:
            return _fail(move, way, subscriptions[0], error)
    middle = len(subscriptions) // 2
    first, second = (_change(move, way, half) for half in (subscriptions[:middle], subscriptions[middle:]))
    return {outcome: first.get(outcome, 0) + second.get(outcome, 0) for outcome in first.keys() | second.keys()}


def _change_at_once(move: SubscriberMove, way: Direction, subscriptions: list[int]) -> dict[str, int]:
    plans = (move.old_plan_id, move.new_plan_id)
    source, target = plans if way is THERE else plans[::-1]
    values: dict[str, Any] = {
        "move": move.pk,
        "source": source,
        "target": target,
        "takes": way.takes,
        "subscriptions": subscriptions,
        "first": subscriptions[0],
        "last": subscriptions[-1],
    }
    with connection.cursor() as cursor:
        cursor.execute(CHANGE_PLAN, {**values, "outcome": way.changes})
        changed = cursor.rowcount
        if changed == len(subscriptions):
            return {way.changes: changed}
        cursor.execute(LEAVE_THE_REST, {**values, "outcome": way.leaves})
        return {way.changes: changed, way.leaves: cursor.rowcount}


def _fail(move: SubscriberMove, way: Direction, subscription: int, error: DatabaseError) -> dict[str, int]:
    # The first line says which rule; those after it quote the row.
    why = clean_text(str(error).partition("\n")[0], LONGEST_WHY)
    SubscriberMoveRow.objects.filter(move=move, subscription_id=subscription).update(outcome=way.fails, why=why)
    return {way.fails: 1}
