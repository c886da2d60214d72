"""The Jalali calendar and Persian digits, at the edge of the system only: inside, times are UTC."""

import datetime as dt
from zoneinfo import ZoneInfo

import jdatetime
from django.utils.translation import get_language

TEHRAN = ZoneInfo("Asia/Tehran")
_TO_PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")
_TO_LATIN = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")


def persian_digits(value: object) -> str:
    """`value` as text with Persian digits, for terminals, mails and files; web pages do this with their font."""
    return str(value).translate(_TO_PERSIAN)


def latin_digits(value: str) -> str:
    """`value` with Persian and Arabic digits turned into Latin ones, as people type either."""
    return value.translate(_TO_LATIN)


def reads_jalali() -> bool:
    """Whether the reader's language counts its days in the Jalali calendar."""
    return (get_language() or "").startswith("fa")


def format_jalali(moment: dt.datetime | dt.date, *, with_time: bool = True, separator: str = "/") -> str:
    """A moment in Tehran's time as `1404/09/01 14:30`; a date as `1404/09/01`. Latin digits.

    A moment outside jdatetime's years (1 to 3177) comes out as Gregorian ISO.
    """
    if isinstance(moment, dt.datetime):
        moment = moment.astimezone(TEHRAN)
    try:
        day = jdatetime.date.fromgregorian(year=moment.year, month=moment.month, day=moment.day)
    except ValueError:
        return moment.isoformat()
    text = f"{day.year:04d}{separator}{day.month:02d}{separator}{day.day:02d}"
    if with_time and isinstance(moment, dt.datetime):
        text += f" {moment:%H:%M}"
    return text


def format_local(moment: dt.datetime | dt.date | None, *, with_time: bool = True) -> str:
    """A moment in Tehran's time and the reader's calendar: Jalali in Persian, ISO in English; empty for None."""
    if moment is None:
        return ""
    if reads_jalali():
        return format_jalali(moment, with_time=with_time)
    if not isinstance(moment, dt.datetime):
        return moment.isoformat()
    return f"{moment.astimezone(TEHRAN):%Y-%m-%d %H:%M}" if with_time else f"{moment.astimezone(TEHRAN):%Y-%m-%d}"


def parse_date(text: str) -> dt.date:
    """A day typed as `1404/09/01` or `2025-11-22`, in any digits; years below 1700 are Jalali.

    Raises ValueError for anything else.
    """
    parts = latin_digits(text.strip()).replace("/", "-").split("-")
    if len(parts) != 3:
        raise ValueError(text)
    year, month, day = (int(part) for part in parts)
    if year < 1700:
        return jdatetime.date(year, month, day).togregorian()
    return dt.date(year, month, day)


def parse_moment(text: str) -> dt.datetime:
    """A moment in Tehran's time typed as `1404/09/01 14:30`; midnight where no time is given.

    Raises ValueError for anything else.
    """
    day_text, _, time_text = latin_digits(text.strip()).partition(" ")
    clock = dt.time.fromisoformat(time_text.strip()) if time_text.strip() else dt.time()
    return dt.datetime.combine(parse_date(day_text), clock, tzinfo=TEHRAN)
