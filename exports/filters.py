"""Which people: the filters that the list of bot users and the command share."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, cast

from django.db.models import Field, Q, QuerySet

from bots.admin.bot_user import NONE_TOLD
from bots.models import BotUser
from common.admin.date_filter import DayRange, within_days
from common.jalali import format_local

TEXT_OPTIONS = (("bots", "--bot"), ("candidates", "--candidate"), ("sources", "--source"), ("cities", "--city"))
DAY_OPTIONS = (("first_seen", "--first-seen"), ("last_seen", "--last-seen"))


@dataclass(frozen=True)
class BotUserFilters:
    """What people must have in common; empty means any. Bots go by short name, candidates by code."""

    bots: tuple[str, ...] = ()
    candidates: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    is_blocked: bool | None = None
    first_seen: DayRange = field(default_factory=DayRange)
    last_seen: DayRange = field(default_factory=DayRange)

    def apply(self, queryset: QuerySet[BotUser]) -> QuerySet[BotUser]:
        """The people of `queryset` whom every filter lets through."""
        condition = Q()
        for path, wanted in (
            ("bot__slug", self.bots),
            ("bot__candidate__code", self.candidates),
            ("source", self.sources),
            ("city", self.cities),
        ):
            if wanted:
                condition &= Q(**{f"{path}__in": ["" if value == NONE_TOLD else value for value in wanted]})
        if self.is_blocked is not None:
            condition &= Q(is_blocked=self.is_blocked)
        for path, days in (("first_seen_at", self.first_seen), ("last_seen_at", self.last_seen)):
            condition &= within_days(cast("Field[Any, Any]", BotUser._meta.get_field(path)), path, days)
        return queryset.filter(condition)

    def options(self) -> list[str]:
        """The same filters as options of `manage.py export_bot_users`, days in the reader's calendar."""
        words = [f"{option}={value}" for name, option in TEXT_OPTIONS for value in getattr(self, name)]
        if self.is_blocked is not None:
            words.append("--blocked=yes" if self.is_blocked else "--blocked=no")
        for name, option in DAY_OPTIONS:
            days: DayRange = getattr(self, name)
            words += _day_options(f"{option}-from", days.first) + _day_options(f"{option}-to", days.last)
        return words

    def for_audit(self) -> dict[str, str]:
        """The filters in words that need no translation: `{"bot": "tehran-1", "first-seen-from": "2025-11-22"}`."""
        told = {option.lstrip("-"): ", ".join(getattr(self, name)) for name, option in TEXT_OPTIONS}
        told["blocked"] = {None: "", True: "yes", False: "no"}[self.is_blocked]
        for name, option in DAY_OPTIONS:
            days: DayRange = getattr(self, name)
            told[f"{option.lstrip('-')}-from"] = days.first.isoformat() if days.first else ""
            told[f"{option.lstrip('-')}-to"] = days.last.isoformat() if days.last else ""
        return {name: value for name, value in told.items() if value}


def _day_options(option: str, day: dt.date | None) -> list[str]:
    return [f"{option}={format_local(day)}"] if day else []
