"""The Jalali calendar and Persian digits, at the edge of the system only: inside, times are UTC."""

import datetime as dt
import re
from typing import TypeVar
from zoneinfo import ZoneInfo

import jdatetime

from common.language import reads_persian

TEHRAN = ZoneInfo("Asia/Tehran")
_TO_PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_TO_LATIN = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
# Four digits for the year: with two, nobody could tell which of three numbers is the day.
_DAY = re.compile(r"([0-9]{4})[/-]([0-9]{1,2})[/-]([0-9]{1,2})")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")
FIRST_GREGORIAN_YEAR = 1700
AnyMoment = TypeVar("AnyMoment", dt.date, dt.datetime)


def persian_digits(value: object) -> str:
    """`value` as text with Persian digits, for terminals, mails and files; web pages do this with their font."""
    return str(value).translate(_TO_PERSIAN)


def latin_digits(value: str) -> str:
    """`value` with Persian and Arabic digits turned into Latin ones, as people type either."""
    return value.translate(_TO_LATIN)


def reads_jalali() -> bool:
    """Whether the reader's language counts its days in the Jalali calendar."""
    return reads_persian()


def format_jalali(moment: dt.datetime | dt.date, *, with_time: bool = True, separator: str = "/") -> str:
    """A moment in Tehran's time as `1404/09/01 14:30`; a date as `1404/09/01`. Latin digits.

    A moment outside jdatetime's years (1 to 3177) comes out as Gregorian ISO.
    """
    moment = in_tehran(moment)
    try:
        day = jdatetime.date.fromgregorian(year=moment.year, month=moment.month, day=moment.day)
    except ValueError:
        return _format_iso(moment, with_time=with_time)
    text = f"{day.year:04d}{separator}{day.month:02d}{separator}{day.day:02d}"
    return f"{text} {moment:%H:%M}" if with_time and isinstance(moment, dt.datetime) else text


def format_local(moment: dt.datetime | dt.date | None, *, with_time: bool = True) -> str:
    """A moment in Tehran's time and the reader's calendar: Jalali in Persian, ISO in English; empty for None."""
    if moment is None:
        return ""
    if reads_jalali():
        return format_jalali(moment, with_time=with_time)
    return _format_iso(in_tehran(moment), with_time=with_time)


def in_tehran(moment: AnyMoment) -> AnyMoment:
    """The same moment on Tehran's clock; a date, or a moment at the very end of the calendar, stays as it is."""
    if not isinstance(moment, dt.datetime):
        return moment
    try:
        return moment.astimezone(TEHRAN)
    except OverflowError:
        return moment


def _format_iso(moment: dt.datetime | dt.date, *, with_time: bool) -> str:
    if not isinstance(moment, dt.datetime):
        return moment.isoformat()
    return moment.isoformat(sep=" ", timespec="minutes")[:16] if with_time else moment.date().isoformat()


def parse_date(text: str) -> dt.date:
    """A day typed as `1404/09/01` or `2025-11-22`, in any digits; years below 1700 are Jalali.

    Raises ValueError for anything else.
    """
    found = _DAY.fullmatch(latin_digits(text.strip()))
    if not found:
        raise ValueError(text)
    year, month, day = (int(part) for part in found.groups())
    if year < FIRST_GREGORIAN_YEAR:
        gregorian: dt.date = jdatetime.date(year, month, day).togregorian()
        return gregorian
    return dt.date(year, month, day)


def parse_moment(text: str) -> dt.datetime:
    """A moment in Tehran's time typed as `1404/09/01 14:30` or with seconds; midnight where no time is given.

    Raises ValueError for anything else.
    """
    day_text, _, time_text = latin_digits(text.strip()).partition(" ")
    clock = _CLOCK.fullmatch(time_text.strip() or "0:00")
    if not clock:
        raise ValueError(text)
    hour, minute, second = (int(part or 0) for part in clock.groups())
    return dt.datetime.combine(parse_date(day_text), dt.time(hour, minute, second), tzinfo=TEHRAN)
