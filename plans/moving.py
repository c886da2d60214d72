"""How subscribers change plans: in parts of thousands, each part a transaction that a kill can't leave half done."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError, OperationalError, connection, transaction
from django.utils import timezone

from common.text import clean_text
from plans.models import Stage, SubscriberMove, SubscriberMovePart, SubscriberMoveRow
from plans.move_statements import (
    FAIL_ALL,
    HOLD_PLAN,
    KEEP_ALL,
    KEEP_THE_REST,
    LOCK_PARTS,
    MOVE_BACK,
    MOVE_THERE,
    PLAN_FOR_MANY,
    SKIP_THE_REST,
    TAKE_SUBSCRIBERS,
)

PART_SIZE = 20_000
LONGEST_WHY = 200
# Any number that nobody else uses: two moves that lock the same subscribers in different orders would deadlock.
ONE_PART_AT_A_TIME = 7_204_011

State, Outcome, Why = SubscriberMove.State, SubscriberMoveRow.Outcome, SubscriberMoveRow.Why
Counts = dict[str, int]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Direction:
    """There or back: in which state of the move, by which statements, and what its rows are called afterwards."""

    running: str
    change: str
    leave: str
    fail: str
    changes: str
    leaves: str
    fails: str


THERE = Direction(State.RUNNING, MOVE_THERE, SKIP_THE_REST, FAIL_ALL, Outcome.MOVED, Outcome.SKIPPED, Outcome.FAILED)
BACK = Direction(State.UNDOING, MOVE_BACK, KEEP_THE_REST, KEEP_ALL, Outcome.RETURNED, Outcome.KEPT, Outcome.KEPT)


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
        cursor.execute(TAKE_SUBSCRIBERS, {"move": move.pk, "plan": move.old_plan_id, "part_size": PART_SIZE})
        (move.before_count,) = cursor.fetchone()
    move.state, move.started_at = State.RUNNING, timezone.now()
    move.progressed_at = move.started_at
    move.save(update_fields=["before_count", "state", "started_at", "progressed_at"])


def run_parts(
    move_id: int, way: Direction, *, finish: Callable[[SubscriberMove], None], on_progress: Progress | None
) -> None:
    """Go through all subscribers that wait, part by part; `finish` is called in the transaction that finds none left.

    Several may run the same move at once: each part is taken by one of them. `on_progress` gets how many subscribers
    have been through and how many there are, after each part.
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
    """One part: its last subscription, how many have been through, and how many there are; None at the end."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK_PARTS, [ONE_PART_AT_A_TIME])
        cursor.execute(PLAN_FOR_MANY)
    move = lock_move(move_id)
    if move is None or move.state != way.running:
        return None
    part = _take_part(move) if way is THERE else _moved_ones(move, after)
    if not part:
        finish(move)
        return None
    why = _why_not_at_all(move) if way is THERE else ""
    counts = _fail(move, way, part, why) if why else _change(move, way, part)
    for outcome, number in counts.items():
        setattr(move, f"{outcome}_count", getattr(move, f"{outcome}_count") + number)
    move.progressed_at = timezone.now()
    move.save(update_fields=[*(f"{outcome}_count" for outcome in counts), "progressed_at"])
    return part[-1], move.handled_count, move.total_count


def _take_part(move: SubscriberMove) -> list[int]:
    part = SubscriberMovePart.objects.filter(move=move).first()
    if part is None:
        return []
    part.delete()
    return part.subscription_ids


def _moved_ones(move: SubscriberMove, after: int) -> list[int]:
    moved = SubscriberMoveRow.objects.filter(move=move, outcome=Outcome.MOVED, subscription_id__gt=after)
    return list(moved.order_by("subscription_id").values_list("subscription_id", flat=True)[:PART_SIZE])


def _why_not_at_all(move: SubscriberMove) -> str:
    """Why nobody can get the new plan any more; empty where they can. The plan stays so until the part is done."""
    with connection.cursor() as cursor:
        cursor.execute(HOLD_PLAN, [move.new_plan_id])
        stage, price_rials = cursor.fetchone()
    if stage == Stage.RETIRED:
        return Why.PLAN_RETIRED
    return Why.NO_PRICE if price_rials is None else ""


def _change(move: SubscriberMove, way: Direction, subscriptions: list[int]) -> Counts:
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
            # The first line says which rule; those after it quote the row.
            return _fail(move, way, subscriptions, clean_text(str(error).partition("\n")[0], LONGEST_WHY))
    middle = len(subscriptions) // 2
    first, second = (_change(move, way, half) for half in (subscriptions[:middle], subscriptions[middle:]))
    return {outcome: first.get(outcome, 0) + second.get(outcome, 0) for outcome in first.keys() | second.keys()}


def _change_at_once(move: SubscriberMove, way: Direction, subscriptions: list[int]) -> Counts:
    plans = (move.old_plan_id, move.new_plan_id)
    source, target = plans if way is THERE else plans[::-1]
    values: dict[str, Any] = {
        "move": move.pk,
        "later_moves": list(SubscriberMove.objects.filter(pk__gt=move.pk).values_list("pk", flat=True)),
        "source": source,
        "target": target,
        "subscriptions": subscriptions,
        "first": subscriptions[0],
        "last": subscriptions[-1],
    }
    with connection.cursor() as cursor:
        cursor.execute(way.change, values)
        changed = cursor.rowcount
        if changed == len(subscriptions):
            return {way.changes: changed}
        cursor.execute(way.leave, values)
        return {way.changes: changed, way.leaves: cursor.rowcount}


def _fail(move: SubscriberMove, way: Direction, subscriptions: list[int], why: str) -> Counts:
    with connection.cursor() as cursor:
        cursor.execute(way.fail, {"move": move.pk, "subscriptions": subscriptions, "why": why})
    return {way.fails: len(subscriptions)}
