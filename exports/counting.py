"""How many rows an export would have, told before it begins."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import OperationalError, connection, transaction

from exports.datasets import Wish, dataset_named

# Somebody waits before the page.
COUNT_SECONDS = 3.0
QUERY_CANCELED = "57014"  # PostgreSQL's error codes, class 57


@dataclass(frozen=True)
class RowCount:
    """A number of rows, counted or, where counting would take too long, estimated by PostgreSQL's planner."""

    rows: int
    is_exact: bool


def count_rows(wish: Wish) -> RowCount:
    """The rows that `wish` would have now. Each statement gets three seconds, then the rows are estimated.

    Raises ExportRefusedError where the wish can't be understood.
    """
    return _count(wish, COUNT_SECONDS)


def count_all(wishes: Sequence[Wish]) -> RowCount:
    """The rows of several wishes together, in about the time of one; an estimate where one of them is."""
    end = time.monotonic() + COUNT_SECONDS
    counts = [_count(wish, end - time.monotonic()) for wish in wishes]
    return RowCount(sum(count.rows for count in counts), is_exact=all(count.is_exact for count in counts))


def _count(wish: Wish, seconds: float) -> RowCount:
    dataset = dataset_named(wish.dataset)
    if seconds > 0:
        try:
            with _short_statements(seconds):
                return RowCount(dataset.count(wish), is_exact=True)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") != QUERY_CANCELED:
                raise
    plans = [json.loads(sheet.queryset.order_by().explain(format="json")) for sheet in dataset.sheets(wish)]
    return RowCount(sum(plan[0]["Plan"]["Plan Rows"] for plan in plans), is_exact=False)


@contextmanager
def _short_statements(seconds: float) -> Iterator[None]:
    """While this lasts a statement is ended after so many seconds; what held before holds again afterwards."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        (before,) = cursor.fetchone()
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(round(seconds * 1000) or 1)])
        yield
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [before])
