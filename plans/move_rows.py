"""Looking through the rows of a move, of which there may be millions."""

from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from plans.models import SubscriberMove, SubscriberMoveRow

ROWS_PER_PAGE = 100
ALL, LEFT = "all", "left"
Outcome = SubscriberMoveRow.Outcome
NOT_MOVED = (Outcome.SKIPPED, Outcome.FAILED, Outcome.KEPT)
FILTERS = {LEFT: _("left where they are"), ALL: _("all"), **dict(Outcome.choices)}


@dataclass(frozen=True)
class RowsPage:
    """Some rows in the order of their subscriptions; `previous` and `next` are None where there are no more."""

    rows: list[SubscriberMoveRow]
    previous: int | None
    next: int | None


def rows_of(move: SubscriberMove, chosen: str) -> QuerySet[SubscriberMoveRow]:
    """The move's rows that a filter of `FILTERS` lets through, in the order of their subscriptions."""
    rows = move.rows.order_by("subscription_id")
    if chosen == ALL:
        return rows
    return rows.filter(outcome__in=NOT_MOVED) if chosen == LEFT else rows.filter(outcome=chosen)


def page_of_rows(rows: QuerySet[SubscriberMoveRow], *, after: int = 0, before: int = 0) -> RowsPage:
    """The rows after the subscription `after`, or those before the subscription `before`; else the first ones.

    Both are found by the table's key: the last page is as quick as the first, which an OFFSET's wouldn't be.
    """
    rows = rows.select_related("subscription__candidate")
    if before:
        found = list(rows.filter(subscription_id__lt=before).order_by("-subscription_id")[: ROWS_PER_PAGE + 1])
        shown = found[:ROWS_PER_PAGE][::-1]
        return RowsPage(shown, _first(shown) if len(found) > ROWS_PER_PAGE else None, _last(shown))
    found = list(rows.filter(subscription_id__gt=after)[: ROWS_PER_PAGE + 1])
    shown = found[:ROWS_PER_PAGE]
    return RowsPage(shown, _first(shown) if after else None, _last(shown) if len(found) > ROWS_PER_PAGE else None)


def _first(rows: list[SubscriberMoveRow]) -> int | None:
    return rows[0].subscription_id if rows else None


def _last(rows: list[SubscriberMoveRow]) -> int | None:
    return rows[-1].subscription_id if rows else None
