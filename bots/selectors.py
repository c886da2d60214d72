"""Reads that several places need."""

from django.db import connection

from bots.models import Poll, PollOption

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
