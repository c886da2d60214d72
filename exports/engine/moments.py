"""Moments and days as text, in SQL and in Tehran's time.

A moment becomes the seconds on Tehran's clock once, and what is written of it comes from tables that the statement
makes for itself: arrays with a day's text at the day's number, read without a search. `to_char` takes three times as
long, a function in SQL or Python for each row many times.
"""

import datetime as dt
from functools import cache

import jdatetime

from exports.writers.base import NO_NUMBER

FIRST_YEAR, LAST_YEAR = 1378, 1440  # all of 2000 to 2060
ZONE = "Asia/Tehran"
DAY_SECONDS = 86_400
EPOCH = dt.date(1970, 1, 1)
FIRST_DAY: dt.date = jdatetime.date(FIRST_YEAR, 1, 1).togregorian()
END_DAY: dt.date = jdatetime.date(LAST_YEAR + 1, 1, 1).togregorian()
# Excel's day 1 is 1 January 1900, and it believes in a 29 February 1900; so from March 1900 on, day 0 is this one.
EXCEL_DAY_ZERO = dt.date(1899, 12, 30)
EXCEL_FIRST_DAY = dt.date(1900, 3, 1)
EXCEL_LAST_DAY = dt.date(9999, 12, 31)
_NO_NUMBER = f"E'\\x{NO_NUMBER.hex()}'"


def _days_since_epoch(day: dt.date) -> int:
    return (day - EPOCH).days


@cache
def tables_sql() -> str:
    """The tables of days, minutes and seconds, as the beginning of a statement; what isn't read isn't made.

    `name` is a type of fixed length, so that PostgreSQL finds the n-th element of an array at once.
    """
    years = ", ".join(
        f"({year}, date '{jdatetime.date(year, 1, 1).togregorian()}')" for year in range(FIRST_YEAR, LAST_YEAR + 2)
    )
    # Six months of 31 days, then months of 30; the last one's length doesn't matter, as the next year begins by itself.
    jalali = (
        "year || '/' || lpad((CASE WHEN n < 186 THEN n / 31 + 1 ELSE (n - 186) / 30 + 7 END)::text, 2, '0')"
        " || '/' || lpad((CASE WHEN n < 186 THEN n %% 31 + 1 ELSE (n - 186) %% 30 + 1 END)::text, 2, '0')"
    )
    minute = "lpad((n / 60)::text, 2, '0') || ':' || lpad((n %% 60)::text, 2, '0')"
    return (
        f"WITH years (year, begins) AS (VALUES {years}),"  # noqa: S608  # all made here
        " days AS (SELECT year, n, begins + n AS day FROM"
        " (SELECT year, begins, lead(begins) OVER (ORDER BY year) AS ends FROM years) AS year,"
        " generate_series(0, ends - begins - 1) AS n),"
        f" jalali (texts) AS (SELECT array_agg(({jalali})::name ORDER BY day) FROM days),"
        " gregorian (texts) AS (SELECT array_agg(to_char(day, 'YYYY-MM-DD')::name ORDER BY day) FROM days),"
        f" minutes (texts) AS (SELECT array_agg(({minute})::name ORDER BY n) FROM generate_series(0, 1439) AS n),"
        " seconds (texts) AS (SELECT array_agg((':' || lpad(n::text, 2, '0'))::name ORDER BY n)"
        " FROM generate_series(0, 59) AS n)"
    )


def local_seconds_sql(raw: str) -> str:
    """A moment as whole seconds on Tehran's clock, counted from 1970; nothing for an infinite one."""
    return f"CASE WHEN isfinite({raw}) THEN floor(date_part('epoch', {raw} AT TIME ZONE '{ZONE}'))::bigint END"


def jalali_day_sql(raw: str) -> str:
    """A day as `1404/09/01`; empty before 1999 and after 2061."""
    return f"CASE WHEN isfinite({raw}) THEN {_element('jalali', f'{raw} - date {_quoted(FIRST_DAY)}')} END"


def jalali_sql(local: str) -> str:
    """Local seconds as `1404/09/01 14:30`; empty where `jalali_day_sql` is."""
    return f"{_element('jalali', _day_of(local))} || ' ' || {_element('minutes', _minute_of(local))}"


def iso_day_sql(raw: str) -> str:
    """A day as `2025-11-22`."""
    return f"to_char({raw}, 'YYYY-MM-DD')"


def iso_sql(raw: str, local: str) -> str:
    """A moment as `2025-11-22T14:30:05+03:30`; empty for an infinite one."""
    first, end = (_days_since_epoch(day) * DAY_SECONDS for day in (FIRST_DAY, END_DAY))
    parts = [
        _element("gregorian", _day_of(local)),
        "'T'",
        _element("minutes", _minute_of(local)),
        _element("seconds", f"{local} %% 60"),
    ]
    rare = f"to_char(to_timestamp({local}) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS')"
    text = f"CASE WHEN {local} >= {first} AND {local} < {end} THEN {' || '.join(parts)} ELSE {rare} END"
    ahead = f"{local} - floor(date_part('epoch', {raw}))"
    offset = f"to_char(make_interval(secs => {ahead}), 'HH24:MI')"
    return f"{text} || CASE {ahead} WHEN 12600 THEN '+03:30' WHEN 16200 THEN '+04:30' ELSE '+' || {offset} END"


def excel_day_sql(raw: str) -> str:
    """A day as Excel counts them; behind NO_NUMBER as text where it doesn't."""
    number = f"({raw} - date {_quoted(EXCEL_DAY_ZERO)})::text"
    return _checked(raw, _quoted(EXCEL_FIRST_DAY), _quoted(EXCEL_LAST_DAY), number, f"{raw}::text")


def excel_sql(raw: str, local: str) -> str:
    """A moment as days since Excel's day 0, the time as their fraction; behind NO_NUMBER as text where it has none."""
    first, last = (_days_since_epoch(day) * DAY_SECONDS for day in (EXCEL_FIRST_DAY, EXCEL_LAST_DAY))
    number = f"({local} / {DAY_SECONDS}::float8 + {_days_since_epoch(EPOCH) - _days_since_epoch(EXCEL_DAY_ZERO)})::text"
    text = f"date_trunc('second', {raw} AT TIME ZONE '{ZONE}')::text"
    return _checked(local, str(first), str(last), number, text)


def _element(table: str, place: str) -> str:
    return f"((SELECT texts FROM {table}))[({place})::int + 1]"  # noqa: S608


def _day_of(local: str) -> str:
    return f"{local} / {DAY_SECONDS} - {_days_since_epoch(FIRST_DAY)}"


def _minute_of(local: str) -> str:
    return f"{local} %% {DAY_SECONDS} / 60"


def _quoted(day: dt.date) -> str:
    return f"'{day}'"


def _checked(value: str, first: str, last: str, number: str, text: str) -> str:
    return f"CASE WHEN {value} BETWEEN {first} AND {last} THEN {number} ELSE {_NO_NUMBER} || {text} END"
