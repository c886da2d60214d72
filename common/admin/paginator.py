"""Counting what is too large to count."""

from math import ceil
from typing import Any

from django.core.paginator import Paginator
from django.db import connections
from django.db.models import QuerySet
from django.utils.functional import cached_property

ESTIMATE_FROM_ROWS = 10_000
# A partitioned table has no statistics of its own until someone analyses it; its leaves have.
ESTIMATE_SQL = """
    WITH parts AS (SELECT relid FROM pg_partition_tree(%(table)s::regclass) WHERE isleaf)
    SELECT sum(greatest(reltuples, 0))::bigint FROM pg_class
    WHERE oid IN (SELECT relid FROM parts) OR (oid = %(table)s::regclass AND NOT EXISTS (SELECT FROM parts))
"""


def table_estimate(queryset: QuerySet[Any]) -> int:
    """How many rows PostgreSQL's statistics believe the queryset's table to have; 0 where they don't know."""
    connection = connections[queryset.db]
    with connection.cursor() as cursor:
        cursor.execute(ESTIMATE_SQL, {"table": connection.ops.quote_name(queryset.model._meta.db_table)})
        return int(cursor.fetchone()[0] or 0)


def is_whole_table(queryset: QuerySet[Any]) -> bool:
    """Whether the queryset gives each row of its table exactly once."""
    query = queryset.query
    narrowed = query.has_filters() or query.is_sliced or query.distinct or query.combinator or query.group_by
    return not narrowed


def estimated_count(queryset: QuerySet[Any]) -> tuple[int, bool]:
    """The number of rows and whether it is an estimate.

    Only a whole table of more than 10,000 rows is estimated; all else is counted exactly.
    """
    if is_whole_table(queryset):
        estimate = table_estimate(queryset)
        if estimate > ESTIMATE_FROM_ROWS:
            return estimate, True
    return queryset.count(), False


class EstimatingPaginator(Paginator):  # type: ignore[type-arg]
    """Pages of an unfiltered large table without its `COUNT(*)`; `is_estimate` tells so."""

    @cached_property
    def _count(self) -> tuple[int, bool]:
        if isinstance(self.object_list, QuerySet):
            return estimated_count(self.object_list)
        return super().count, False

    @property
    def count(self) -> int:
        return self._count[0]

    @property
    def is_estimate(self) -> bool:
        return self._count[1]


class BoundedPaginator(EstimatingPaginator):
    """For tables where filtered rows are too many to count, too: it stops at 10,000; `is_more` tells so.

    There are no pages beyond those rows: reaching them means reading all before them. A filter leads there.
    """

    most_rows = 10_000
    is_more = False

    @cached_property
    def _count(self) -> tuple[int, bool]:
        rows = self.object_list
        if not isinstance(rows, QuerySet) or (is_whole_table(rows) and table_estimate(rows) > ESTIMATE_FROM_ROWS):
            return super()._count
        found = rows.order_by()[: self.most_rows + 1].count()
        self.is_more = found > self.most_rows
        return min(found, self.most_rows), False

    @cached_property
    def num_pages(self) -> int:
        return min(super().num_pages, ceil(self.most_rows / self.per_page))
