"""Whether a plan can be bought now, and if not, why: a decision from values alone."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext as _

from common.jalali import format_local
from plans.models import Plan, Stage


class AvailabilityCode(StrEnum):
    ON_SALE = "on-sale"
    FOR_TESTER = "for-tester"
    NOT_RELEASED = "not-released"
    TESTERS_ONLY = "testers-only"
    SCHEDULED = "scheduled"
    DISABLED = "disabled"
    RETIRED = "retired"
    NO_PRICE = "no-price"


@dataclass(frozen=True)
class Availability:
    """Whether a plan can be bought; `message` says why or why not, in the reader's language."""

    is_available: bool
    code: AvailabilityCode
    message: str
    scheduled_for: dt.datetime | None = None


def judge_availability(plan: Plan, *, is_tester: bool, disabled_because: str = "") -> Availability:
    """Whether `plan` can be bought by somebody who is or isn't one of its testers.

    Only services change the stage, so a schedule whose time has come still reads `scheduled` until it has fired.
    """
    if plan.stage == Stage.RETIRED:
        return Availability(False, AvailabilityCode.RETIRED, _("This plan was retired."))
    if plan.stage == Stage.DISABLED:
        return Availability(False, AvailabilityCode.DISABLED, _disabled(disabled_because))
    if plan.price_rials is None:
        return Availability(False, AvailabilityCode.NO_PRICE, _("This plan has no price yet."))
    if plan.stage == Stage.AVAILABLE:
        return Availability(True, AvailabilityCode.ON_SALE, _("This plan is on sale."))
    if is_tester:
        return Availability(True, AvailabilityCode.FOR_TESTER, _("This plan is open to its testers."))
    if plan.stage == Stage.SCHEDULED:
        words = _("This plan goes on sale at %(time)s Tehran time.") % {"time": format_local(plan.release_scheduled_at)}
        return Availability(False, AvailabilityCode.SCHEDULED, words, plan.release_scheduled_at)
    if plan.stage == Stage.BETA:
        return Availability(False, AvailabilityCode.TESTERS_ONLY, _("Only testers can buy this plan."))
    return Availability(False, AvailabilityCode.NOT_RELEASED, _("This plan has not been released yet."))


def _disabled(because: str) -> str:
    if because:
        return _("This plan was taken off sale: %(reason)s") % {"reason": because}
    return _("This plan was taken off sale.")
