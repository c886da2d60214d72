"""The figures of some bots together, for one page."""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from bots.models import HourCount, PeopleSnapshot
from common.jalali import TEHRAN

Kind = HourCount.Kind
WEEK = dt.timedelta(days=7)
END_OF_TIME = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
COHORT_WEEKS = 8
# What is counted and what came since are read in one statement: between two, a row could move from one to the other.
HOURS = """
    SELECT kind, hour, sum(count)::bigint FROM (
        SELECT kind, hour, count FROM bots_hourcount WHERE bot_id = ANY(%(bots)s)
        UNION ALL
        SELECT kind, date_trunc('hour', occurred_at, 'Asia/Tehran'), 1 FROM (
            SELECT 'person' AS kind, bot_id, first_seen_at AS occurred_at FROM bots_botuser
            WHERE id > coalesce((SELECT last_id FROM bots_rollupmark WHERE kind = 'person'), 0)
            UNION ALL SELECT 'click', bot_id, occurred_at FROM bots_click
            WHERE id > coalesce((SELECT last_id FROM bots_rollupmark WHERE kind = 'click'), 0)
            UNION ALL SELECT 'message', bot_id, occurred_at FROM bots_message
            WHERE id > coalesce((SELECT last_id FROM bots_rollupmark WHERE kind = 'message'), 0)
            UNION ALL SELECT 'contribution', bot_id, occurred_at FROM bots_contribution
            WHERE id > coalesce((SELECT last_id FROM bots_rollupmark WHERE kind = 'contribution'), 0)
        ) AS came WHERE bot_id = ANY(%(bots)s)
    ) AS counted
    WHERE hour >= %(first)s AND hour < %(end)s
    GROUP BY kind, hour
"""
BEFORE = """
    SELECT coalesce(sum(count), 0)::bigint FROM (
        SELECT count FROM bots_hourcount WHERE kind = 'person' AND bot_id = ANY(%(bots)s) AND hour < %(end)s
        UNION ALL
        SELECT 1 FROM bots_botuser
        WHERE id > coalesce((SELECT last_id FROM bots_rollupmark WHERE kind = 'person'), 0)
            AND bot_id = ANY(%(bots)s) AND first_seen_at < %(end)s
    ) AS counted
"""


@dataclass(frozen=True)
class Cohort:
    """The people who came in one week, and how many of them were still there so many weeks later, or after."""

    week: dt.date
    people: int
    kept: tuple[int, ...]


@dataclass(frozen=True)
class People:
    """Who the people are, as of `counted_at` (None where nobody has counted yet)."""

    counted_at: dt.datetime | None
    people: int
    blocked: int
    cities: list[tuple[str, int]]
    sources: list[tuple[str, int]]
    cohorts: list[Cohort]


@dataclass(frozen=True)
class Activity:
    """What happened in `days`, as Tehran counts them: by day and by the hour of the day, for each kind.

    `people_before` had come before the first of the days.
    """

    days: tuple[dt.date, ...]
    by_day: dict[str, tuple[int, ...]]
    by_hour: dict[str, tuple[int, ...]]
    people_before: int

    def growth(self) -> tuple[int, ...]:
        """How many people there were at the end of each day."""
        total, totals = self.people_before, []
        for new in self.by_day[Kind.PERSON]:
            total += new
            totals.append(total)
        return tuple(totals)


def activity_of(bots: Sequence[int], *, last: dt.date, days: int) -> Activity:
    """What the bots with these numbers had in the `days` days up to and with `last`; true to the moment."""
    span = tuple(last - dt.timedelta(days=days - 1 - number) for number in range(days))
    begin = dt.datetime.combine(span[0], dt.time(), tzinfo=TEHRAN)
    end = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), tzinfo=TEHRAN)
    by_day: dict[str, Counter[dt.date]] = {kind: Counter() for kind in Kind}
    by_hour: dict[str, Counter[int]] = {kind: Counter() for kind in Kind}
    with connection.cursor() as cursor:
        cursor.execute(HOURS, {"bots": list(bots), "first": begin, "end": end})
        for kind, moment, count in cursor.fetchall():
            hour = moment.astimezone(TEHRAN)
            by_day[kind][hour.date()] += count
            by_hour[kind][hour.hour] += count
        cursor.execute(BEFORE, {"bots": list(bots), "end": begin})
        people_before = cursor.fetchone()[0]
    return Activity(
        days=span,
        by_day={kind: tuple(counts[day] for day in span) for kind, counts in by_day.items()},
        by_hour={kind: tuple(counts[hour] for hour in range(24)) for kind, counts in by_hour.items()},
        people_before=people_before,
    )


def count_people_of(bots: Sequence[int]) -> int:
    """How many people these bots have at this moment."""
    with connection.cursor() as cursor:
        cursor.execute(BEFORE, {"bots": list(bots), "end": END_OF_TIME})
        return int(cursor.fetchone()[0])


def people_of(bots: Sequence[int]) -> People:
    """Who the people of these bots are, as they were counted last; the most frequent cities and sources first."""
    cities: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    weeks: dict[dt.date, Counter[dt.date]] = {}
    snapshots = list(PeopleSnapshot.objects.filter(bot__in=list(bots)))
    for snapshot in snapshots:
        cities.update(snapshot.cities)
        sources.update(snapshot.sources)
        for first, lasts in snapshot.cohorts.items():
            counted = weeks.setdefault(dt.date.fromisoformat(first), Counter())
            counted.update({dt.date.fromisoformat(last): count for last, count in lasts.items()})
    return People(
        counted_at=min((snapshot.counted_at for snapshot in snapshots), default=None),
        people=sum(snapshot.people for snapshot in snapshots),
        blocked=sum(snapshot.blocked for snapshot in snapshots),
        cities=cities.most_common(),
        sources=sources.most_common(),
        cohorts=_cohorts(weeks),
    )


def _cohorts(weeks: dict[dt.date, Counter[dt.date]]) -> list[Cohort]:
    """The last weeks in which people came, the newest last; a week that isn't over for a cohort has no number yet."""
    newest = max((last for lasts in weeks.values() for last in lasts), default=None)
    if newest is None:
        return []
    found = []
    for first in sorted(weeks)[-COHORT_WEEKS:]:
        told = range(min((newest - first) // WEEK, COHORT_WEEKS) + 1)
        kept = [sum(count for last, count in weeks[first].items() if last >= first + later * WEEK) for later in told]
        found.append(Cohort(first, weeks[first].total(), tuple(kept)))
    return found
