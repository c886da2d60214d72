"""The rows of deliveries, as the sender takes them up and puts down what became of them.

Whoever changes a broadcast and its deliveries locks the broadcast first, so that its counts follow exactly.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q

from audit.services import record
from bots.audience import audience_of
from bots.models import Bot, BotUser, Broadcast, BroadcastDelivery
from bots.sending.hours import is_quiet
from bots.sending.outcome import Fate, Outcome

State, Why = BroadcastDelivery.State, BroadcastDelivery.Why
MOST_ATTEMPTS = 20
MEASURED_EVERY, STALE_AFTER = dt.timedelta(seconds=5), dt.timedelta(seconds=30)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
LONGEST_RETRY_SECONDS = 300

# `people` is the audience's own query, whose values are parameters.
QUEUE = """
INSERT INTO bots_broadcastdelivery (bot_user_id, bot_id, broadcast_id, state, attempts, reason)
SELECT person.*, %s, 'queued', 0, '' FROM ({people}) AS person
"""
CLAIM = """
WITH picked AS (
    SELECT delivery.bot_user_id FROM bots_broadcastdelivery AS delivery
    WHERE delivery.broadcast_id = %(broadcast)s AND delivery.bot_id = %(bot)s AND delivery.state = 'queued'
        AND (delivery.due_at IS NULL OR delivery.due_at <= %(now)s)
    ORDER BY delivery.bot_user_id
    LIMIT %(count)s
    FOR UPDATE SKIP LOCKED
)
UPDATE bots_broadcastdelivery AS delivery SET state = 'sending', attempts = delivery.attempts + 1
FROM picked JOIN bots_botuser AS person ON person.id = picked.bot_user_id
WHERE delivery.broadcast_id = %(broadcast)s AND delivery.bot_user_id = picked.bot_user_id
RETURNING delivery.bot_user_id, delivery.attempts, person.platform_user_id, person.is_blocked,
    person.stopped_at IS NOT NULL
"""
SETTLE = """
UPDATE bots_broadcastdelivery AS delivery
SET state = settled.state, reason = settled.reason, message_id = settled.message_id, due_at = settled.due_at,
    settled_at = CASE WHEN settled.state = 'queued' THEN NULL ELSE %(now)s END
FROM unnest(%(people)s::bigint[], %(states)s::text[], %(reasons)s::text[], %(messages)s::bigint[],
    %(due)s::timestamptz[]) AS settled (bot_user_id, state, reason, message_id, due_at)
WHERE delivery.broadcast_id = %(broadcast)s AND delivery.bot_user_id = settled.bot_user_id
    AND delivery.bot_user_id = ANY(%(people)s)
"""
CLOSE = """
UPDATE bots_broadcastdelivery SET state = %(state)s, reason = %(reason)s, settled_at = %(now)s, due_at = NULL
WHERE broadcast_id = %(broadcast)s AND state = 'queued'
"""


@dataclass(frozen=True)
class Claimed:
    """A delivery that was taken up, and the chat that it goes to."""

    broadcast_id: int
    bot_user_id: int
    attempts: int
    chat_id: int


@dataclass(frozen=True)
class Settled:
    """What becomes of a delivery."""

    claimed: Claimed
    state: str
    reason: str = ""
    message_id: int | None = None
    due_at: dt.datetime | None = None

    @classmethod
    def of(cls, claimed: Claimed, outcome: Outcome, now: dt.datetime) -> "Settled":
        """As the outcome of its sending says; one that may pass later is queued again, up to twenty times."""
        if outcome.fate in (Fate.SENT, Fate.BLOCKED, Fate.FAILED, Fate.UNCERTAIN):
            return cls(claimed, State(outcome.fate.value), outcome.reason, outcome.message_id)
        if outcome.fate is Fate.HALT or outcome.retry_after_seconds is not None:
            return cls(claimed, State.QUEUED)
        if claimed.attempts >= MOST_ATTEMPTS:
            return cls(claimed, State.FAILED, outcome.reason)
        wait = min(2.0**claimed.attempts, LONGEST_RETRY_SECONDS)
        return cls(claimed, State.QUEUED, due_at=now + dt.timedelta(seconds=wait))


def bots_with_work(now: dt.datetime) -> list[int]:
    """The bots that have something to send now, or left something on its way."""
    found = set(BroadcastDelivery.objects.filter(state=State.SENDING).order_by().values_list("bot", flat=True))
    for broadcast in Broadcast.objects.filter(state=Broadcast.State.SENDING):
        if may_go_now(broadcast, now):
            waiting = broadcast.deliveries.filter(bot=OuterRef("pk"), state=State.QUEUED)
            bots = Bot.objects.filter(candidate_id=broadcast.candidate_id, paused_at__isnull=True)
            found |= set(bots.filter(Exists(waiting)).values_list("pk", flat=True))
    return sorted(found)


def may_go_now(broadcast: Broadcast, now: dt.datetime) -> bool:
    """Whether neither quiet hours nor the deadline keep a broadcast back."""
    is_late = broadcast.deadline is not None and broadcast.deadline <= now
    return not is_late and not is_quiet(now, broadcast.quiet_from, broadcast.quiet_until)


@transaction.atomic
def queue_audience(broadcast: Broadcast) -> int:
    """Write a delivery for everybody whom the broadcast reaches now, in one statement; gives how many.

    The broadcast is locked.
    """
    people = audience_of(broadcast).values_list("pk", "bot_id")
    query, values = people.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(QUEUE.format(people=query), [broadcast.pk, *values])
        return int(cursor.rowcount)


def claim(bot: Bot, count: int, now: dt.datetime) -> list[Claimed]:
    """Take up at most `count` deliveries of the bot's oldest broadcast that may go; committed before they are sent.

    Nobody gets one who has blocked the bot since, or wants no more messages: they are settled at once.
    """
    runs = Exists(Bot.objects.filter(pk=bot.pk, paused_at__isnull=True))
    broadcasts = Broadcast.objects.filter(runs, state=Broadcast.State.SENDING, candidate_id=bot.candidate_id)
    for broadcast in broadcasts.filter(Q(bot=bot) | Q(bot__isnull=True)).order_by("started_at", "pk"):
        while may_go_now(broadcast, now) and (taken := _claim_of(broadcast.pk, bot, count, now)) is not None:
            if taken:
                return taken
    return []


@transaction.atomic
def _claim_of(broadcast_id: int, bot: Bot, count: int, now: dt.datetime) -> list[Claimed] | None:
    """Those of one broadcast; an empty list when none of those taken up may get it, None when nobody waits."""
    broadcast = Broadcast.objects.select_for_update(no_key=True).get(pk=broadcast_id)
    if broadcast.state != Broadcast.State.SENDING:  # it was paused or stopped a moment ago
        return None
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, {"broadcast": broadcast_id, "bot": bot.pk, "count": count, "now": now})
        rows = sorted(cursor.fetchall())
    if not rows:
        return None
    taken = [(Claimed(broadcast_id, *row[:3]), *row[3:]) for row in rows]
    left_out = [
        Settled(claimed, State.BLOCKED, Why.BLOCKED) if is_blocked else Settled(claimed, State.LEFT_OUT, Why.WANTS_NONE)
        for claimed, is_blocked, has_stopped in taken
        if is_blocked or has_stopped
    ]
    _put_down(broadcast, left_out, now)
    unreachable = {settled.claimed for settled in left_out}
    return [claimed for claimed, *_flags in taken if claimed not in unreachable]


def settle(finished: Iterable[Settled], now: dt.datetime) -> None:
    """Put down what became of deliveries, and finish broadcasts of which none is left."""
    by_broadcast: dict[int, list[Settled]] = defaultdict(list)
    for settled in finished:
        by_broadcast[settled.claimed.broadcast_id].append(settled)
    for broadcast_id, group in sorted(by_broadcast.items()):
        with transaction.atomic():
            _put_down(Broadcast.objects.select_for_update(no_key=True).get(pk=broadcast_id), group, now)
    blocked = [settled.claimed.bot_user_id for group in by_broadcast.values() for settled in group
               if settled.state == State.BLOCKED]  # fmt: skip
    if blocked:
        BotUser.objects.filter(pk__in=blocked).update(is_blocked=True)


def _put_down(broadcast: Broadcast, group: Sequence[Settled], now: dt.datetime) -> None:
    """Write outcomes of one broadcast, which is locked. One that came too late to count is dropped."""
    if not group:
        return
    people = [settled.claimed.bot_user_id for settled in group]
    rows = BroadcastDelivery.objects.select_for_update().filter(broadcast=broadcast, bot_user_id__in=people)
    known = {bot_user_id: (state, attempts) for bot_user_id, state, attempts in
             rows.values_list("bot_user_id", "state", "attempts")}  # fmt: skip
    changes: list[Settled] = []
    steps: Counter[str] = Counter()
    for settled in group:
        state, attempts = known.get(settled.claimed.bot_user_id, ("", 0))
        if attempts != settled.claimed.attempts or state not in (State.SENDING, State.UNCERTAIN):
            continue
        if state == State.UNCERTAIN:  # another sender took this one for dead
            if settled.state == State.QUEUED:
                continue
            steps[State.UNCERTAIN] -= 1
        change = _in_its_broadcast(settled, broadcast)
        steps[change.state] += 1
        changes.append(change)
    _write(broadcast, changes, now)
    count_up(broadcast, steps, now)


def _in_its_broadcast(settled: Settled, broadcast: Broadcast) -> Settled:
    """What would be queued again isn't, once the broadcast was stopped."""
    if settled.state == State.QUEUED and broadcast.state == Broadcast.State.STOPPED:
        return Settled(settled.claimed, State.LEFT_OUT, Why.STOPPED)
    return settled


def _write(broadcast: Broadcast, changes: Sequence[Settled], now: dt.datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            SETTLE,
            {
                "broadcast": broadcast.pk,
                "now": now,
                "people": [change.claimed.bot_user_id for change in changes],
                "states": [str(change.state) for change in changes],
                "reasons": [str(change.reason) for change in changes],
                "messages": [change.message_id for change in changes],
                "due": [change.due_at for change in changes],
            },
        )


def count_up(broadcast: Broadcast, steps: Counter[str], now: dt.datetime) -> None:
    """Have the counts of a broadcast, which is locked, follow its deliveries; with the last one it is finished."""
    for state in BroadcastDelivery.SETTLED:
        setattr(broadcast, f"{state}_count", getattr(broadcast, f"{state}_count") + steps[state])
    fields = [f"{state}_count" for state in BroadcastDelivery.SETTLED]
    _measure(broadcast, now)
    if broadcast.started_at and broadcast.finished_at is None and broadcast.waiting_count == 0:
        broadcast.finished_at = now
        if broadcast.state != Broadcast.State.STOPPED:
            broadcast.state, broadcast.state_reason = Broadcast.State.DONE, ""
        counts = {str(state): getattr(broadcast, f"{state}_count") for state in BroadcastDelivery.SETTLED}
        record(action="bots.broadcast.finish", actor=None, target=broadcast, details=counts)
    measured = ["per_second", "sampled_at", "sampled_count"]
    broadcast.save(update_fields=[*fields, *measured, "state", "state_reason", "finished_at"])


def _measure(broadcast: Broadcast, now: dt.datetime) -> None:
    """Note every few seconds how fast it goes; after a pause, begin anew."""
    since = now - (broadcast.sampled_at or EPOCH)
    if since < MEASURED_EVERY:
        return
    done = broadcast.settled_count - broadcast.sampled_count
    broadcast.per_second = max(done, 0) / since.total_seconds() if since <= STALE_AFTER else 0.0
    broadcast.sampled_at, broadcast.sampled_count = now, broadcast.settled_count


def close_queue(broadcast: Broadcast, *, state: str, why: str, now: dt.datetime) -> int:
    """Settle everything of a broadcast, which is locked, that still waits; gives how many."""
    with connection.cursor() as cursor:
        cursor.execute(CLOSE, {"broadcast": broadcast.pk, "state": state, "reason": why, "now": now})
        closed = int(cursor.rowcount)
    count_up(broadcast, Counter({state: closed}), now)
    return closed


def take_over(bot_id: int, now: dt.datetime) -> int:
    """Make uncertain what a sender that is no more left on its way; gives how many.

    Only for who holds the bot's lock: while another does, its deliveries are on their way indeed.
    """
    left = BroadcastDelivery.objects.filter(bot=bot_id, state=State.SENDING)
    found = [
        Settled(Claimed(broadcast_id, bot_user_id, attempts, 0), State.UNCERTAIN, Why.SENDER_ENDED)
        for broadcast_id, bot_user_id, attempts in left.values_list("broadcast_id", "bot_user_id", "attempts")
    ]
    settle(found, now)
    return len(found)


def finish_if_over(broadcast_id: int, now: dt.datetime) -> None:
    """Finish a broadcast whose last waiting people were erased: they count as left out."""
    to_do = BroadcastDelivery.objects.filter(broadcast=broadcast_id, state__in=[State.QUEUED, State.SENDING])
    if to_do.exists():
        return
    with transaction.atomic():
        broadcast = Broadcast.objects.select_for_update(no_key=True).get(pk=broadcast_id)
        if broadcast.finished_at is None and not to_do.exists():
            count_up(broadcast, Counter({State.LEFT_OUT: broadcast.waiting_count}), now)
