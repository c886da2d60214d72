"""When a schedule is due: pure functions of its settings.

Moments are counted on Tehran's clock and only then turned into UTC, so a change of Iran's zone moves none of them.
"""

import datetime as dt
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice

import jdatetime

from common.jalali import TEHRAN, in_tehran
from exports.models import ScheduledExport
from exports.schedules.rules import parse_rule

Frequency, Calendar = ScheduledExport.Frequency, ScheduledExport.Calendar

DAY = dt.timedelta(days=1)
WEEK = dt.timedelta(weeks=1)
LONGEST_DAY = 31
MONTHS = 12
ESFAND = 12
# More missed runs than that aren't counted: what was missed is made up for by one run anyway.
MOST_MISSED = 10_000


@dataclass(frozen=True)
class Timing:
    """How often and when. `weekday` is Monday's 0 to Sunday's 6; a day that a month doesn't have is its last one."""

    frequency: str
    at_time: dt.time
    starts_on: dt.date
    calendar: str = Calendar.JALALI
    weekday: int | None = None
    day_of_month: int | None = None
    rule: str = ""


@dataclass(frozen=True)
class Occasion:
    """What is due now: the run of `due_at`, instead of it and `missed` earlier ones; `next_due_at` comes after it."""

    due_at: dt.datetime
    missed: int
    next_due_at: dt.datetime | None


def timing_of(schedule: ScheduledExport) -> Timing:
    """When `schedule` is due."""
    return Timing(
        frequency=schedule.frequency,
        at_time=schedule.at_time,
        starts_on=schedule.starts_on,
        calendar=schedule.calendar,
        weekday=schedule.weekday,
        day_of_month=schedule.day_of_month,
        rule=schedule.rule,
    )


def next_moment(timing: Timing, after: dt.datetime) -> dt.datetime | None:
    """The first moment after `after`, in UTC; None for a rule that has come to its end."""
    return next(moments(timing, after), None)


def next_moments(timing: Timing, after: dt.datetime, count: int = 3) -> list[dt.datetime]:
    """The next moments after `after`, as many as `count` or as there are."""
    return list(islice(moments(timing, after), count))


def occasion(timing: Timing, due_at: dt.datetime, now: dt.datetime) -> Occasion:
    """What to do about a run that was due at `due_at`, now or earlier: however many were missed, one makes up for them.

    It counts as that of the latest moment, so that nobody takes it for older than it is.
    """
    missed, latest = 0, due_at
    for moment in moments(timing, due_at):
        if moment > now:
            return Occasion(latest, missed, moment)
        missed, latest = missed + 1, moment
        if missed == MOST_MISSED:
            return Occasion(latest, missed, next_moment(timing, now))
    return Occasion(latest, missed, None)


def moments(timing: Timing, after: dt.datetime) -> Iterator[dt.datetime]:
    """The moments after `after`, one by one, in UTC.

    One that falls into an hour that the clock leaves out is an hour later; of an hour that comes twice, the first.
    Raises DomainError `bad-rule`.
    """
    first_day = in_tehran(after).date() - DAY
    for local in _moments_on_the_clock(timing, first_day):
        moment = local.replace(tzinfo=TEHRAN).astimezone(dt.UTC)
        if moment > after:
            after = moment
            yield moment


def _moments_on_the_clock(timing: Timing, first_day: dt.date) -> Iterator[dt.datetime]:
    if timing.frequency == Frequency.RULE:
        rule = parse_rule(timing.rule, starts_at=dt.datetime.combine(timing.starts_on, timing.at_time))
        yield from rule.xafter(dt.datetime.combine(first_day, dt.time.min), inc=True)
        return
    for day in _days(timing, first_day):
        yield dt.datetime.combine(day, timing.at_time)


def _days(timing: Timing, first_day: dt.date) -> Iterator[dt.date]:
    if timing.frequency == Frequency.DAILY:
        return (first_day + number * DAY for number in count())
    if timing.frequency == Frequency.WEEKLY:
        first = first_day + ((timing.weekday or 0) - first_day.weekday()) % 7 * DAY
        return (first + number * WEEK for number in count())
    days = _days_of_jalali_months if timing.calendar == Calendar.JALALI else _days_of_gregorian_months
    return (day for day in days(first_day, timing.day_of_month or 1) if day >= first_day)


def _days_of_jalali_months(first_day: dt.date, wanted: int) -> Iterator[dt.date]:
    start = jdatetime.date.fromgregorian(date=first_day)
    for number in count(start.year * MONTHS + start.month - 1):
        year, month = number // MONTHS, number % MONTHS + 1
        length = jdatetime.j_days_in_month[month - 1]
        if month == ESFAND and jdatetime.date(year, ESFAND, 1).isleap():
            length += 1
        yield jdatetime.date(year, month, min(wanted, length)).togregorian()


def _days_of_gregorian_months(first_day: dt.date, wanted: int) -> Iterator[dt.date]:
    for number in count(first_day.year * MONTHS + first_day.month - 1):
        year, month = number // MONTHS, number % MONTHS + 1
        yield dt.date(year, month, min(wanted, monthrange(year, month)[1]))
