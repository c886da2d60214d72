"""The people of a bot as they stand: cities and sources change, so they are counted whole, now and then."""

import datetime as dt
from collections import Counter, defaultdict

from django.db import connection
from django.db.models import F, Q
from django.utils import timezone

from bots.models import Bot, PeopleSnapshot

MOST_SOURCES = 50
OTHERS = " "  # a source is a part of a command, so it has no blank at its ends
SNAPSHOT_LIFE = dt.timedelta(minutes=10)
# One statement, so that all figures are of one moment, and one pass over the people. PostgreSQL's weeks begin on
# Monday, Iran's on Saturday: two days ahead they are the same.
COUNT_PEOPLE = """
    SELECT grouping(city), grouping(source), grouping(is_blocked), grouping(first_week),
        city, source, is_blocked, first_week::text, last_week::text, count(*)
    FROM (
        SELECT city, source, is_blocked,
            (date_trunc('week', first_seen_at AT TIME ZONE 'Asia/Tehran' + interval '2 days') - interval '2 days')::date
                AS first_week,
            (date_trunc('week', last_seen_at AT TIME ZONE 'Asia/Tehran' + interval '2 days') - interval '2 days')::date
                AS last_week
        FROM bots_botuser WHERE bot_id = %s
    ) AS people
    GROUP BY GROUPING SETS ((city), (source), (is_blocked), (first_week, last_week))
"""


def refresh_snapshots(*, older_than: dt.timedelta = SNAPSHOT_LIFE) -> int:
    """Count the people of each bot whose last count is older than that; returns how many bots those were."""
    outdated = Bot.objects.annotate(counted_at=F("people_snapshot__counted_at")).filter(
        Q(counted_at=None) | Q(counted_at__lte=timezone.now() - older_than)
    )
    bots = list(outdated.order_by(F("counted_at").asc(nulls_first=True)).values_list("pk", flat=True))
    for bot_id in bots:
        count_people(bot_id)
    return len(bots)


def count_people(bot_id: int) -> None:
    """Count the people of one bot now."""
    cities: dict[str, int] = {}
    sources: Counter[str] = Counter()
    by_blocked: dict[bool, int] = {}
    cohorts: dict[str, dict[str, int]] = defaultdict(dict)
    counted_at = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(COUNT_PEOPLE, [bot_id])
        for row in cursor.fetchall():
            not_city, not_source, not_blocked, not_week, city, source, is_blocked, first, last, count = row
            if not not_city:
                cities[city] = count
            elif not not_source:
                sources[source] = count
            elif not not_blocked:
                by_blocked[is_blocked] = count
            elif not not_week:
                cohorts[first][last] = count
    found = {"people": sum(cities.values()), "blocked": by_blocked.get(True, 0), "cities": cities}
    found |= {"sources": _most_frequent(sources), "cohorts": cohorts, "counted_at": counted_at}
    PeopleSnapshot.objects.update_or_create(bot_id=bot_id, defaults=found)


def _most_frequent(sources: Counter[str]) -> dict[str, int]:
    kept = dict(sources.most_common(MOST_SOURCES))
    others = sources.total() - sum(kept.values())
    return {**kept, OTHERS: others} if others else kept
