"""Reads that several places need."""

import datetime as dt
from dataclasses import dataclass

from django.db import connection
from django.db.models import Count, Min, OuterRef, QuerySet, Subquery

from bots.models import Bot, InboundUpdate, Poll, PollAnswer, PollOption

# Beyond this, the exact number tells nobody more, and counting would take as long as the backlog is deep.
COUNT_WAITING_UP_TO = 100_000

COUNT_WAITING_OF_BOT_UP_TO = 10_000

_WAITING_BY_BOT = """
    SELECT bot.id, deep.depth, oldest.received_at
    FROM bots_bot AS bot
    CROSS JOIN LATERAL (
        SELECT received_at FROM bots_inboundupdate WHERE bot_id = bot.id AND state = 'pending' ORDER BY id LIMIT 1
    ) AS oldest
    CROSS JOIN LATERAL (
        SELECT count(*) AS depth FROM (
            SELECT FROM bots_inboundupdate WHERE bot_id = bot.id AND state = 'pending' LIMIT %s
        ) AS counted
    ) AS deep
    WHERE bot.id = ANY(%s)
    ORDER BY deep.depth DESC, oldest.received_at
    LIMIT %s
"""
_VOTES = """
    SELECT position, count(*)
    FROM bots_pollanswer, unnest(option_positions) AS position
    WHERE poll_id = %s
    GROUP BY position
"""


def poll_results(poll: Poll) -> list[tuple[PollOption, int]]:
    """Each option of a poll, in its order, with how many people chose it, those included who were erased since."""
    with connection.cursor() as cursor:
        cursor.execute(_VOTES, [poll.pk])
        votes = dict(cursor.fetchall())
    options = poll.options.order_by("position")
    return [(option, votes.get(option.position, 0) + option.erased_votes) for option in options]


@dataclass(frozen=True)
class Backlog:
    """The updates that wait in the inbox: how many, counted up to 100,000, and since when the oldest waits."""

    depth: int
    oldest_at: dt.datetime | None


def backlog() -> Backlog:
    """What waits in the inbox; cheap however much that is."""
    depth = InboundUpdate.objects.filter(state=InboundUpdate.State.PENDING).order_by()[:COUNT_WAITING_UP_TO].count()
    return Backlog(depth, oldest_waiting(Bot.objects.all()))


def oldest_waiting(bots: "QuerySet[Bot]") -> dt.datetime | None:
    """When the update came that has waited longest of those of `bots`: one look-up per bot in the partial index."""
    waiting = InboundUpdate.objects.filter(bot=OuterRef("pk"), state=InboundUpdate.State.PENDING).order_by("id")
    first_of_each = bots.order_by().annotate(oldest=Subquery(waiting.values("received_at")[:1]))
    oldest: dt.datetime | None = first_of_each.aggregate(value=Min("oldest"))["value"]
    return oldest


def longest_backlogs(bots: "QuerySet[Bot]", most: int) -> list[tuple[Bot, Backlog]]:
    """Those of `bots` for which the most updates wait, the deepest first; each is counted up to 10,000."""
    found = {bot.pk: bot for bot in bots}
    with connection.cursor() as cursor:
        cursor.execute(_WAITING_BY_BOT, [COUNT_WAITING_OF_BOT_UP_TO, list(found), most])
        return [(found[bot_id], Backlog(depth, oldest)) for bot_id, depth, oldest in cursor.fetchall()]


def poll_voters(poll: Poll) -> int:
    """How many people have a vote in a poll, or had one and were erased since."""
    return PollAnswer.objects.filter(poll=poll).exclude(option_positions=[]).count() + poll.erased_voters


def count_updates() -> list[tuple[str, str, int]]:
    """How many updates of each kind stand in each state, the most frequent first; reads the whole inbox."""
    counted = InboundUpdate.objects.order_by().values_list("kind", "state").annotate(count=Count("pk"))
    return sorted(counted, key=lambda row: (-row[2], row[0], row[1]))
