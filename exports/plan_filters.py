"""Which rows of plans: what the pages and the commands share."""

from dataclasses import dataclass

from django.db.models import QuerySet

from plans.models import PlanReleaseHistory, SubscriberMove, SubscriberMoveRow
from plans.move_rows import ALL, rows_of
from plans.selectors import get_plan_release_history


@dataclass(frozen=True)
class PlanHistoryFilters:
    """The steps of one plan, also of one that is gone."""

    plan_code: str

    def rows(self) -> QuerySet[PlanReleaseHistory]:
        """The steps, oldest first."""
        return get_plan_release_history(self.plan_code).order_by("pk")

    def options(self) -> list[str]:
        """As options of `manage.py export_plan_history`."""
        return [f"--plan={self.plan_code}"]

    def for_audit(self) -> dict[str, str]:
        """In words that need no translation."""
        return {"plan": self.plan_code}


@dataclass(frozen=True)
class MoveFilters:
    """The rows of one move with this outcome."""

    move: SubscriberMove
    outcome: str = ALL

    def rows(self) -> QuerySet[SubscriberMoveRow]:
        """The rows in the order of their subscriptions."""
        return rows_of(self.move, self.outcome)

    def options(self) -> list[str]:
        """As options of `manage.py export_move`."""
        return [f"--move={self.move.pk}", f"--outcome={self.outcome}"]

    def for_audit(self) -> dict[str, str]:
        """In words that need no translation."""
        return {"move": str(self.move.pk), "outcome": self.outcome}
