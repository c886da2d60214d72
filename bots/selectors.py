"""Reads that several places need."""

from django.db import connection
from django.db.models import Count

from bots.models import InboundUpdate, Poll, PollOption

_VOTES = """
    SELECT position, count(*)
    FROM bots_pollanswer, unnest(option_positions) AS position
    WHERE poll_id = %s
    GROUP BY position
"""


def poll_results(poll: Poll) -> list[tuple[PollOption, int]]:
    """Each option of a poll, in its order, with how many people chose it."""
    with connection.cursor() as cursor:
        cursor.execute(_VOTES, [poll.pk])
        votes = dict(cursor.fetchall())
    return [(option, votes.get(option.position, 0)) for option in poll.options.order_by("position")]


def count_updates() -> list[tuple[str, str, int]]:
    """How many updates of each kind stand in each state, the most frequent first; reads the whole inbox."""
    counted = InboundUpdate.objects.order_by().values_list("kind", "state").annotate(count=Count("pk"))
    return sorted(counted, key=lambda row: (-row[2], row[0], row[1]))
