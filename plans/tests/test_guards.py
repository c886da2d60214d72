"""Guards of release tracks: what holds, what doesn't, what isn't known, and in which words."""

import datetime as dt
import json

import pytest
from django.utils.translation import override

from plans import guards
from plans.guards import Verdict, all_hold, pack, unpack

SINCE = dt.datetime(2026, 11, 1, 8, 0, tzinfo=dt.UTC)
ONE_DAY = dt.timedelta(days=1)
HOLDS, FAILS, UNKNOWN = Verdict.HOLDS, Verdict.FAILS, Verdict.UNKNOWN

SEEN = [
    (guards.has_waited(now=SINCE, since=None, days=0), FAILS, "The step before has not been taken."),
    (guards.has_waited(now=SINCE + 3 * ONE_DAY, since=SINCE, days=14), FAILS, "3 of 14 days waited"),
    (guards.has_waited(now=SINCE + 14 * ONE_DAY, since=SINCE, days=14), HOLDS, "14 of 14 days waited"),
    (guards.has_waited(now=SINCE - ONE_DAY, since=SINCE, days=1), FAILS, "0 of 1 day waited"),
    (guards.is_still_on_sale(True), HOLDS, "is on sale"),
    (guards.is_still_on_sale(False), FAILS, "is not on sale"),
    (guards.was_bought(3, at_least=10), FAILS, "3 of 10 purchases"),
    (guards.was_bought(10, at_least=10), HOLDS, "10 of 10 purchases"),
    (guards.was_bought(None, at_least=1), UNKNOWN, "isn't known"),
    (guards.has_few_problems(0, at_most=0), HOLDS, "0 open technical problems, at most 0 allowed"),
    (guards.has_few_problems(1, at_most=0), FAILS, "1 open technical problem, at most 0 allowed"),
    (guards.has_few_problems(None, at_most=5), UNKNOWN, "isn't known"),
    (guards.is_quiet(()), HOLDS, "No alert is active."),
    (guards.is_quiet(("db", "redis")), FAILS, "db, redis"),
    (guards.is_quiet(None), UNKNOWN, "isn't known"),
    (guards.has_approval(True), HOLDS, "has approved"),
    (guards.has_approval(False), FAILS, "has not approved"),
]


@pytest.mark.parametrize(("reading", "verdict", "words"), SEEN)
def test_a_guard_says_whether_it_holds_and_what_it_saw(reading, verdict, words) -> None:
    assert reading.verdict is verdict
    with override("en"):
        assert words in reading.words


@pytest.mark.parametrize(("reading", "verdict", "words"), SEEN)
def test_readings_are_kept_as_figures_and_read_the_same(reading, verdict, words) -> None:
    (kept,) = unpack(json.loads(json.dumps(pack([reading]))))
    assert (kept.verdict, kept.words) == (verdict, reading.words)


def test_a_wait_ends_at_its_instant() -> None:
    ends_at = SINCE + 14 * ONE_DAY
    early = guards.has_waited(now=ends_at - dt.timedelta(microseconds=1), since=SINCE, days=14)
    assert early.verdict is FAILS
    assert guards.has_waited(now=ends_at, since=SINCE, days=14).verdict is HOLDS


def test_what_is_not_known_holds_as_little_as_what_fails() -> None:
    good = guards.is_quiet(())
    assert all_hold([good, good])
    assert not all_hold([good, guards.is_quiet(None)])
    assert not all_hold([good, guards.is_quiet(("db",))])
