"""What must hold before a step of a release track is taken: each guard judges values, and says what it saw.

What isn't known never holds.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common.jalali import format_local


class Verdict(StrEnum):
    HOLDS = "holds"
    FAILS = "fails"
    UNKNOWN = "unknown"


VERDICT_LABELS = {
    Verdict.HOLDS: gettext_lazy("holds"),
    Verdict.FAILS: gettext_lazy("doesn't hold"),
    Verdict.UNKNOWN: gettext_lazy("isn't known"),
}


@dataclass(frozen=True)
class Reading:
    """What a guard saw. The figures are kept, not the words, so that everybody reads it in their own language."""

    guard: str
    verdict: Verdict
    figures: Mapping[str, Any] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """The figures as people read them: “3 of 10 purchases”."""
        return WORDS[self.guard](self.verdict, self.figures)

    @property
    def label(self) -> Any:
        """Whether it holds, in words."""
        return VERDICT_LABELS[self.verdict]


def all_hold(readings: Iterable[Reading]) -> bool:
    """Whether every guard is known to hold."""
    return all(reading.verdict is Verdict.HOLDS for reading in readings)


def pack(readings: Iterable[Reading]) -> list[dict[str, Any]]:
    """Readings as JSON."""
    return [asdict(reading) for reading in readings]


def unpack(packed: Iterable[Mapping[str, Any]]) -> list[Reading]:
    """Readings as `pack` has put them down."""
    return [Reading(one["guard"], Verdict(one["verdict"]), one["figures"]) for one in packed]


def has_waited(*, now: dt.datetime, since: dt.datetime | None, days: int) -> Reading:
    """Whether `days` days have gone by since the step before was taken; None when it hasn't been."""
    if since is None:
        return Reading("waiting", Verdict.FAILS)
    until = since + dt.timedelta(days=days)
    gone = min(max((now - since).days, 0), days)
    verdict = Verdict.HOLDS if now >= until else Verdict.FAILS
    return Reading("waiting", verdict, {"days": days, "gone": gone, "until": until.isoformat()})


def is_still_on_sale(is_on_sale: bool) -> Reading:
    """Whether the plan of the step before is on sale: one that was taken off is no reason to go on."""
    return Reading("previous", Verdict.HOLDS if is_on_sale else Verdict.FAILS)


def was_bought(count: int | None, *, at_least: int) -> Reading:
    """Whether the plan of the step before was bought often enough; `count` is None when that isn't known."""
    return Reading("purchases", _within(count, at_least, None), {"count": count, "wanted": at_least})


def has_few_problems(count: int | None, *, at_most: int) -> Reading:
    """Whether few enough of its technical problems are open; `count` is None when that isn't known."""
    return Reading("problems", _within(count, None, at_most), {"count": count, "most": at_most})


def is_quiet(alerts: tuple[str, ...] | None) -> Reading:
    """Whether no alert is active; None when that isn't known."""
    return Reading("alerts", _within(None if alerts is None else len(alerts), None, 0), {"alerts": alerts})


def has_approval(is_approved: bool) -> Reading:
    """Whether a second person has agreed to the step as it is."""
    return Reading("approval", Verdict.HOLDS if is_approved else Verdict.FAILS)


def _within(count: int | None, least: int | None, most: int | None) -> Verdict:
    if count is None:
        return Verdict.UNKNOWN
    holds = (least is None or count >= least) and (most is None or count <= most)
    return Verdict.HOLDS if holds else Verdict.FAILS


def _waiting(verdict: Verdict, figures: Mapping[str, Any]) -> str:
    if "until" not in figures:
        return _("The step before has not been taken.")
    words = ngettext(
        "%(gone)s of %(days)s day waited, until %(time)s",
        "%(gone)s of %(days)s days waited, until %(time)s",
        figures["days"],
    )
    until = dt.datetime.fromisoformat(figures["until"])
    return words % {"gone": figures["gone"], "days": figures["days"], "time": format_local(until)}


def _previous(verdict: Verdict, figures: Mapping[str, Any]) -> str:
    if verdict is Verdict.HOLDS:
        return _("The plan before is on sale.")
    return _("The plan before is not on sale.")


def _purchases(verdict: Verdict, figures: Mapping[str, Any]) -> str:
    if figures["count"] is None:
        return _("How often the plan before was bought isn't known.")
    words = ngettext("%(count)s of %(wanted)s purchase", "%(count)s of %(wanted)s purchases", figures["wanted"])
    return words % figures


def _problems(verdict: Verdict, figures: Mapping[str, Any]) -> str:
    if figures["count"] is None:
        return _("How many technical problems are open isn't known.")
    words = ngettext(
        "%(count)s open technical problem, at most %(most)s allowed",
        "%(count)s open technical problems, at most %(most)s allowed",
        figures["count"],
    )
    return words % figures


def _alerts(verdict: Verdict, figures: Mapping[str, Any]) -> str:
    if figures["alerts"] is None:
        return _("Whether an alert is active isn't known.")
    if not figures["alerts"]:
        return _("No alert is active.")
    return _("Active alerts: %(alerts)s") % {"alerts": ", ".join(figures["alerts"])}


def _approval(verdict: Verdict, figures: Mapping[str, Any]) -> str:
    if verdict is Verdict.HOLDS:
        return _("A second person has approved it.")
    return _("A second person has not approved it as it is now.")


WORDS: dict[str, Callable[[Verdict, Mapping[str, Any]], str]] = {
    "waiting": _waiting,
    "previous": _previous,
    "purchases": _purchases,
    "problems": _problems,
    "alerts": _alerts,
    "approval": _approval,
}
