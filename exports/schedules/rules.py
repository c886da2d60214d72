"""Recurrence rules (RRULE, RFC 5545 section 3.3.10), kept to what is safe to count out on a server.

dateutil goes through every day up to the year 9999 before it finds that a rule never comes, and for ever where the
interval is 0. So a rule is read here first: at most one moment an hour, and no parts with which it would search long.
"""

import datetime as dt
import re
from collections.abc import Mapping
from typing import cast

from dateutil.rrule import rrule, rrulestr
from django.utils.translation import gettext as _

from common.errors import DomainError
from common.jalali import TEHRAN

FREQUENCIES = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
# What a part may hold: the smallest and largest number, and whether it may count from the end.
NUMBERS = {
    "BYMONTH": (1, 12, False),
    "BYMONTHDAY": (1, 31, True),
    "BYHOUR": (0, 23, False),
    "BYMINUTE": (0, 59, False),
    "BYSETPOS": (1, 366, True),
    "INTERVAL": (1, 1000, False),
    "COUNT": (1, 100_000, False),
}
SINGLE = {"BYMINUTE", "INTERVAL", "COUNT"}
DAYS_OF_HOURS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYHOUR", "BYMINUTE", "BYDAY"}
WEEKDAYS = re.compile(r"([+-]?[1-5])?(MO|TU|WE|TH|FR|SA|SU)")
UNTIL = re.compile(r"\d{8}(T\d{6}Z?)?")
LONGEST_MONTHS = dict.fromkeys(range(1, 13), 31) | {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
HOURS_OF_A_DAY = 24
# Where the week begins matters to a rule for each second week; in Iran it is Saturday.
FIRST_WEEKDAY = "SA"


def parse_rule(text: str, *, starts_at: dt.datetime) -> rrule:
    """The moments of a rule on Tehran's clock, from `starts_at` on, which has no zone.

    Raises DomainError `bad-rule` that says what is wrong with it.
    """
    parts = _parts_of(text)
    _check(parts)
    line = ";".join(f"{name}={value}" for name, value in {"WKST": FIRST_WEEKDAY, "BYSECOND": "0", **parts}.items())
    try:
        return cast(rrule, rrulestr(line, dtstart=starts_at))  # a line without dates of its own is never a set
    except ValueError as error:
        raise _bad(_("This rule never comes, or can't be understood.")) from error


def _parts_of(text: str) -> dict[str, str]:
    line = re.sub(r"\s", "", text).upper().removeprefix("RRULE:")
    pairs = [part.partition("=") for part in line.split(";") if part]
    parts = {name: value for name, _equals, value in pairs}
    if len(parts) < len(pairs):
        raise _bad(_("A part of the rule is there twice."))
    if "UNTIL" in parts:
        parts["UNTIL"] = _local_end(parts["UNTIL"])
    return parts


def _local_end(value: str) -> str:
    """An end in UTC (`20261122T083000Z`) on Tehran's clock; a day alone counts to its end."""
    if not UNTIL.fullmatch(value):
        raise _bad(_("The end of the rule is written as 20270320 or 20270320T180000."))
    try:
        end = dt.datetime.strptime(value[:15], "%Y%m%dT%H%M%S" if "T" in value else "%Y%m%d")  # noqa: DTZ007
    except ValueError as error:
        raise _bad(_("The end of the rule is no date.")) from error
    if value.endswith("Z"):
        end = end.replace(tzinfo=dt.UTC).astimezone(TEHRAN)
    elif "T" not in value:
        end = end.replace(hour=23, minute=59, second=59)
    return end.strftime("%Y%m%dT%H%M%S")


def _check(parts: Mapping[str, str]) -> None:
    if parts.get("FREQ") not in FREQUENCIES:
        raise _bad(_("A rule says how often, from FREQ=HOURLY to FREQ=YEARLY: at most one run an hour."))
    unknown = set(parts) - {"FREQ", "UNTIL", "BYDAY", "WKST"} - set(NUMBERS)
    if unknown:
        raise _bad(_("This part of the rule isn't known here: %(parts)s") % {"parts": ", ".join(sorted(unknown))})
    for name in NUMBERS.keys() & parts.keys():
        _check_numbers(name, parts[name])
    if {"COUNT", "UNTIL"} <= parts.keys():
        raise _bad(_("A rule ends after a count or at a time, not both."))
    if "BYSETPOS" in parts and parts["FREQ"] == "DAILY":
        raise _bad(_("BYSETPOS chooses among the days of weeks, months and years."))
    _check_weekdays(parts)
    _check_days_of_months(parts)
    if parts["FREQ"] == "HOURLY":
        _check_hourly(parts)


def _check_numbers(name: str, value: str) -> None:
    smallest, largest, from_end = NUMBERS[name]
    for number in value.split(","):
        if (
            not re.fullmatch(r"[+-]?\d{1,6}", number)
            or not smallest <= (abs if from_end else int)(int(number)) <= largest
        ):
            words = _("%(part)s takes numbers from %(smallest)d to %(largest)d.")
            raise _bad(words % {"part": name, "smallest": smallest, "largest": largest})
    if name in SINGLE and "," in value:
        raise _bad(_("%(part)s takes one number: at most one run an hour.") % {"part": name})


def _check_weekdays(parts: Mapping[str, str]) -> None:
    found = [WEEKDAYS.fullmatch(day) for day in parts["BYDAY"].split(",")] if "BYDAY" in parts else []
    may_count = parts["FREQ"] in ("MONTHLY", "YEARLY")
    if any(day is None or (day[1] and not may_count) for day in found) or not WEEKDAYS.fullmatch(
        parts.get("WKST", FIRST_WEEKDAY)
    ):
        raise _bad(_("Days of the week are written as SA,SU,MO,TU,WE,TH,FR; in months and years also as 1SA or -1FR."))


def _check_days_of_months(parts: Mapping[str, str]) -> None:
    months = [int(month) for month in parts["BYMONTH"].split(",")] if "BYMONTH" in parts else list(LONGEST_MONTHS)
    days = [abs(int(day)) for day in parts["BYMONTHDAY"].split(",")] if "BYMONTHDAY" in parts else [1]
    if min(days) > max(LONGEST_MONTHS[month] for month in months):
        raise _bad(_("These months never have such a day."))


def _check_hourly(parts: Mapping[str, str]) -> None:
    if HOURS_OF_A_DAY % int(parts.get("INTERVAL", "1")) or set(parts) - DAYS_OF_HOURS - {"WKST"}:
        raise _bad(_("An hourly rule has an interval that divides a day, such as 6, and else hours and weekdays only."))


def _bad(message: str) -> DomainError:
    return DomainError("bad-rule", message)
