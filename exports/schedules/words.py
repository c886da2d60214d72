"""When a schedule runs, in the reader's words."""

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from common.jalali import persian_digits, reads_jalali
from exports.schedules.timing import Calendar, Frequency, Timing


def describe_timing(timing: Timing) -> str:
    """Such as “every week on Saturday at 06:00”, in Tehran's time."""
    values = {
        "time": _digits(f"{timing.at_time:%H:%M}"),
        "weekday": WEEKDAYS[timing.weekday or 0],
        "day": _digits(timing.day_of_month),
        "rule": timing.rule,
    }
    if timing.frequency == Frequency.DAILY:
        return _("every day at %(time)s") % values
    if timing.frequency == Frequency.WEEKLY:
        return _("every week on %(weekday)s at %(time)s") % values
    if timing.frequency == Frequency.RULE:
        return _("by the rule %(rule)s, at %(time)s where it names no hour") % values
    if timing.calendar == Calendar.JALALI:
        return _("on day %(day)s of each Jalali month at %(time)s") % values
    return _("on day %(day)s of each Gregorian month at %(time)s") % values


def _digits(value: object) -> str:
    return persian_digits(value) if reads_jalali() else str(value)
