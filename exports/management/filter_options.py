"""The options by which a command is told which people."""

import argparse
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from accounts.models import Candidate
from bots.models import Bot
from common.admin.date_filter import DayRange, read_days
from exports.filters import BotUserFilters

SHOWN_NAMES = 20
LIST_OPTIONS = (
    ("--bot", "SLUG", "bots by short name"),
    ("--candidate", "CODE", "candidates by code"),
    ("--source", "SOURCE", "sources; - for people without one"),
    ("--city", "CITY", "codes of cities; - for people without one"),
)
DAY_OPTIONS = ("--first-seen-from", "--first-seen-to", "--last-seen-from", "--last-seen-to")


def add_filter_options(parser: argparse.ArgumentParser) -> None:
    """Give `parser` the options that `filters_from` reads."""
    for option, metavar, meaning in LIST_OPTIONS:
        parser.add_argument(option, nargs="+", action="extend", default=[], metavar=metavar, help=meaning)
    parser.add_argument("--blocked", choices=["yes", "no"], help="only people who have, or haven't, blocked the bot")
    for option in DAY_OPTIONS:
        parser.add_argument(option, default="", metavar="DAY", help="1404/09/01 or 2025-11-22; the day itself included")


def filters_from(options: dict[str, Any]) -> BotUserFilters:
    """The filters that were typed. Raises CommandError for unknown bots and candidates, and for unreadable days."""
    _refuse_unknown("--bot", options["bot"], Bot.objects.values_list("slug", flat=True))
    _refuse_unknown("--candidate", options["candidate"], Candidate.objects.values_list("code", flat=True))
    return BotUserFilters(
        bots=tuple(options["bot"]),
        candidates=tuple(options["candidate"]),
        sources=tuple(options["source"]),
        cities=tuple(options["city"]),
        is_blocked={"yes": True, "no": False}.get(options["blocked"]),
        first_seen=_days("first_seen", options),
        last_seen=_days("last_seen", options),
    )


def _refuse_unknown(option: str, wanted: list[str], known: Any) -> None:
    missing = sorted(set(wanted) - set(known))
    if missing:
        shown = ", ".join(sorted(known)[:SHOWN_NAMES]) or "–"
        words = _("%(option)s: nothing is called %(missing)s. There are: %(known)s")
        raise CommandError(words % {"option": option, "missing": ", ".join(missing), "known": shown})


def _days(name: str, options: dict[str, Any]) -> DayRange:
    days = read_days(options[f"{name}_from"], options[f"{name}_to"])
    if days.error:
        raise CommandError(f"--{name.replace('_', '-')}-from, -to: {days.error}")
    return days
