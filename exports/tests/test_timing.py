"""When schedules are due: on Tehran's clock, by the Jalali or the Gregorian calendar, or by a rule."""

import datetime as dt
import time
from itertools import pairwise

import jdatetime
import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from common.errors import DomainError
from common.jalali import TEHRAN
from exports.schedules.timing import Calendar, Frequency, Timing, next_moment, next_moments, occasion
from exports.schedules.words import describe_timing

SATURDAY, MONDAY = 5, 0
SIX = dt.time(6)
START = dt.date(2026, 11, 23)
HOUR = dt.timedelta(hours=1)
# Summers with another clock lie in it (until 2022), and leap years of both calendars.
MOMENTS = st.integers(1_420_070_400, 2_840_140_800).map(lambda seconds: dt.datetime.fromtimestamp(seconds, dt.UTC))
TIMES = st.builds(dt.time, st.integers(0, 23), st.integers(0, 59))


def tehran(*parts: int) -> dt.datetime:
    """A moment by its Gregorian date and time in Tehran."""
    return dt.datetime(*parts, tzinfo=TEHRAN)  # type: ignore[misc,arg-type]


def jalali(moment: dt.datetime) -> tuple[int, int, int]:
    day = jdatetime.date.fromgregorian(date=moment.astimezone(TEHRAN).date())
    return day.year, day.month, day.day


def daily(at: dt.time = SIX) -> Timing:
    return Timing(Frequency.DAILY, at, START)


def weekly(weekday: int = SATURDAY, at: dt.time = SIX) -> Timing:
    return Timing(Frequency.WEEKLY, at, START, weekday=weekday)


def monthly(day: int = 1, calendar: str = Calendar.JALALI, at: dt.time = SIX) -> Timing:
    return Timing(Frequency.MONTHLY, at, START, calendar=calendar, day_of_month=day)


def by_rule(rule: str, *, at: dt.time = SIX, starts_on: dt.date = START) -> Timing:
    return Timing(Frequency.RULE, at, starts_on, rule=rule)


def first_of(timing: Timing, after: dt.datetime) -> dt.datetime:
    found = next_moment(timing, after)
    assert found is not None
    return found


def is_on(timing: Timing, day: dt.date) -> bool:
    """Whether a schedule runs on that day, judged by the day alone: it needs no arithmetic of months."""
    if timing.frequency == Frequency.WEEKLY:
        return day.weekday() == timing.weekday
    if timing.frequency == Frequency.DAILY:
        return True
    tomorrow = day + dt.timedelta(days=1)
    of_month, next_of_month = day.day, tomorrow.day
    if timing.calendar == Calendar.JALALI:
        of_month = jdatetime.date.fromgregorian(date=day).day
        next_of_month = jdatetime.date.fromgregorian(date=tomorrow).day
    wanted = timing.day_of_month or 1
    return of_month == wanted or (next_of_month == 1 and of_month < wanted)


def looked_up(timing: Timing, after: dt.datetime) -> dt.datetime:
    """The next moment, found by looking at one day after the other."""
    day = after.astimezone(TEHRAN).date() - dt.timedelta(days=1)
    while True:
        moment = dt.datetime.combine(day, timing.at_time, tzinfo=TEHRAN).astimezone(dt.UTC)
        if is_on(timing, day) and moment > after:
            return moment
        day += dt.timedelta(days=1)


@given(after=MOMENTS, at=TIMES)
def test_the_next_day_is_found(after, at):
    assert first_of(daily(at), after) == looked_up(daily(at), after)


@given(after=MOMENTS, at=TIMES, weekday=st.integers(0, 6))
def test_the_next_day_of_the_week_is_found(after, at, weekday):
    assert first_of(weekly(weekday, at), after) == looked_up(weekly(weekday, at), after)


@given(after=MOMENTS, at=TIMES, day=st.integers(1, 31), calendar=st.sampled_from(Calendar.values))
def test_the_next_day_of_the_month_is_found(after, at, day, calendar):
    timing = monthly(day, calendar, at)

    assert first_of(timing, after) == looked_up(timing, after)


@given(after=MOMENTS, day=st.integers(1, 31))
def test_a_jalali_year_has_twelve_runs_one_in_each_month(after, day):
    found = [jalali(moment) for moment in next_moments(monthly(day), after, 12)]

    assert sorted(month for _year, month, _day in found) == list(range(1, 13))


def test_the_first_of_mehr_is_the_first_of_mehr():
    assert jalali(first_of(monthly(1), tehran(2026, 9, 1))) == (1405, 7, 1)


@pytest.mark.parametrize(
    ("year", "last"),
    [(1402, 29), (1403, 30), (1404, 29), (1408, 30)],  # 1403 and 1408 are leap years
)
def test_day_31_is_the_last_day_of_shorter_months_and_of_esfand(year, last):
    after = dt.datetime.combine(jdatetime.date(year, 6, 31).togregorian(), dt.time(12), tzinfo=TEHRAN)

    found = [jalali(moment)[1:] for moment in next_moments(monthly(31), after, 7)]

    assert found == [(7, 30), (8, 30), (9, 30), (10, 30), (11, 30), (12, last), (1, 31)]


def test_day_31_of_gregorian_months_is_the_last_of_february():
    found = next_moments(monthly(31, Calendar.GREGORIAN), tehran(2028, 1, 31, 12), 2)

    assert [moment.astimezone(TEHRAN).date().isoformat() for moment in found] == ["2028-02-29", "2028-03-31"]


def test_the_moment_itself_is_not_after_itself():
    assert first_of(daily(), tehran(2026, 11, 23, 6)) == tehran(2026, 11, 24, 6)
    assert first_of(daily(), tehran(2026, 11, 23, 5, 59)) == tehran(2026, 11, 23, 6)


def test_the_clock_of_tehran_counts_whatever_its_zone_was():
    summer = first_of(daily(), tehran(2021, 7, 1, 12))  # Iran had summer time then
    winter = first_of(daily(), tehran(2021, 12, 1, 12))

    assert (summer.astimezone(dt.UTC).hour, summer.astimezone(dt.UTC).minute) == (1, 30)
    assert (winter.astimezone(dt.UTC).hour, winter.astimezone(dt.UTC).minute) == (2, 30)


def test_an_hour_that_the_clock_leaves_out_or_repeats_gives_one_run_a_day():
    half_past_midnight = daily(dt.time(0, 30))
    into_summer = next_moments(half_past_midnight, tehran(2021, 3, 20, 12), 3)  # 00:00 became 01:00 on the 22nd
    out_of_summer = next_moments(daily(dt.time(23, 30)), tehran(2021, 9, 20, 12), 3)  # 24:00 became 23:00 on the 21st

    assert [f"{moment.astimezone(TEHRAN):%d %H:%M}" for moment in into_summer] == ["21 00:30", "22 01:30", "23 00:30"]
    assert [f"{moment.astimezone(TEHRAN):%d %H:%M}" for moment in out_of_summer] == ["20 23:30", "21 23:30", "22 23:30"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY", ["23 06:00", "24 06:00", "25 06:00"]),
        ("RRULE:FREQ=DAILY;BYHOUR=8,20;BYMINUTE=15", ["23 08:15", "23 20:15", "24 08:15"]),
        ("freq=hourly;interval=8", ["23 06:00", "23 14:00", "23 22:00"]),
        ("FREQ=WEEKLY;BYDAY=SA,WE", ["25 06:00", "28 06:00", "02 06:00"]),
        ("FREQ=MONTHLY;BYDAY=-1FR", ["27 06:00", "25 06:00", "29 06:00"]),
        ("FREQ=MONTHLY;BYDAY=SA,SU,MO,TU,WE;BYSETPOS=-1", ["30 06:00", "30 06:00", "31 06:00"]),
        ("FREQ=DAILY;COUNT=2", ["23 06:00", "24 06:00"]),
        ("FREQ=DAILY;UNTIL=20261124", ["23 06:00", "24 06:00"]),
        ("FREQ=DAILY;UNTIL=20261124T023000Z", ["23 06:00", "24 06:00"]),  # 06:00 in Tehran
        ("FREQ=DAILY;UNTIL=20261124T022959Z", ["23 06:00"]),
    ],
)
def test_rules_are_counted_on_the_clock_of_tehran(rule, expected):
    found = next_moments(by_rule(rule), tehran(2026, 11, 23, 0, 30), 3)

    assert [f"{moment.astimezone(TEHRAN):%d %H:%M}" for moment in found] == expected


def test_each_second_week_counts_from_its_start_in_weeks_that_begin_on_saturday():
    timing = by_rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=FR,SA", starts_on=dt.date(2026, 11, 27))  # a Friday

    found = next_moments(timing, tehran(2026, 11, 26), 3)

    assert [moment.astimezone(TEHRAN).day for moment in found] == [27, 5, 11]


def test_a_rule_that_has_come_to_its_end_has_no_next_moment():
    assert next_moment(by_rule("FREQ=DAILY;COUNT=3"), tehran(2026, 12, 23)) is None


REFUSED_RULES = [
    "", "often", "FREQ=MINUTELY", "FREQ=SECONDLY", "FREQ=DAILY;BYMINUTE=0,30", "FREQ=HOURLY;BYMINUTE=0,30",
    "FREQ=DAILY;BYSECOND=0,1", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=-1", "FREQ=DAILY;INTERVAL=1,2",
    "FREQ=HOURLY;INTERVAL=7", "FREQ=HOURLY;BYMONTH=2", "FREQ=HOURLY;INTERVAL=24;BYHOUR=5",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYMONTH=4,6;BYMONTHDAY=31", "FREQ=DAILY;BYMONTH=13",
    "FREQ=DAILY;BYMONTHDAY=0", "FREQ=DAILY;BYHOUR=24", "FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=x",
    "FREQ=DAILY;UNTIL=soon", "FREQ=DAILY;UNTIL=20261399", "FREQ=DAILY;BYDAY=XX", "FREQ=DAILY;BYDAY=1SA",
    "FREQ=DAILY;BYEASTER=1", "FREQ=DAILY;DTSTART=20200101", "FREQ=DAILY;FREQ=WEEKLY", "FREQ=WEEKLY;WKST=1SA",
    "FREQ=DAILY\nRDATE:20260101T000000", "DTSTART:20200101T000000\nRRULE:FREQ=DAILY", "RSCALE=PERSIAN;FREQ=MONTHLY",
    "FREQ=DAILY;COUNT=2;UNTIL=20270101", "FREQ=DAILY;BYSETPOS=1",
]  # fmt: skip


@pytest.mark.parametrize("rule", REFUSED_RULES)
def test_a_rule_that_is_wrong_too_frequent_or_without_end_is_refused_at_once(rule):
    begun = time.monotonic()

    with pytest.raises(DomainError) as refused:
        next_moment(by_rule(rule, at=SIX), tehran(2026, 11, 23))

    assert refused.value.code == "bad-rule"
    assert time.monotonic() - begun < 1


RULES = st.builds(
    "FREQ={};INTERVAL={}{}{}{}".format,
    st.sampled_from(["HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"]),
    st.sampled_from([1, 2, 3, 4, 6, 12]),
    st.sampled_from(["", ";BYDAY=SA", ";BYDAY=MO,TH,FR"]),
    st.sampled_from(["", ";BYHOUR=0,12", ";BYHOUR=1,2,3,23"]),
    st.sampled_from(["", ";BYMINUTE=45"]),
)


@given(rule=RULES, hours=st.integers(0, 30_000))
def test_no_rule_runs_more_often_than_once_an_hour(rule, hours):
    after = tehran(2026, 11, 23) + hours * HOUR
    try:
        found = next_moments(by_rule(rule), after, 30)
    except DomainError:
        return  # such as hours that its interval never meets

    assert all(later - earlier >= HOUR for earlier, later in pairwise(found))
    assert all(moment > after for moment in found)


def test_what_was_missed_is_made_up_for_by_one_run_that_counts_as_the_latest():
    found = occasion(daily(), tehran(2026, 11, 20, 6), tehran(2026, 11, 23, 9))

    assert (found.due_at, found.missed) == (tehran(2026, 11, 23, 6), 3)
    assert found.next_due_at == tehran(2026, 11, 24, 6)


def test_a_run_in_time_has_missed_nothing():
    found = occasion(monthly(), tehran(2026, 11, 22, 6), tehran(2026, 11, 22, 6, 0, 25))

    assert (found.due_at, found.missed) == (tehran(2026, 11, 22, 6), 0)
    assert found.next_due_at is not None
    assert jalali(found.next_due_at) == (1405, 10, 1)


def test_years_of_an_hourly_rule_are_made_up_for_in_a_moment():
    begun = time.monotonic()

    found = occasion(by_rule("FREQ=HOURLY"), tehran(2026, 11, 23, 6), tehran(2036, 11, 23, 6, 30))

    assert found.next_due_at == tehran(2036, 11, 23, 7)
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    ("timing", "english", "persian"),
    [
        (daily(), "every day at 06:00", "06:00"),
        (weekly(), "every week on Saturday at 06:00", "شنبه"),
        (monthly(31), "on day 31 of each Jalali month at 06:00", "۳۱"),
        (monthly(2, Calendar.GREGORIAN), "on day 2 of each Gregorian month at 06:00", "۲"),
        (by_rule("FREQ=DAILY"), "by the rule FREQ=DAILY, at 06:00 where it names no hour", "FREQ=DAILY"),
    ],
)
def test_people_read_when_it_runs(timing, english, persian):
    with override("en"):
        assert describe_timing(timing) == english
    with override("fa"):
        assert persian.replace("06:00", "۰۶:۰۰") in describe_timing(timing)
