"""The way from a queryset to a writer. The only place that knows that rows come through the ORM.

Which rows is the queryset's business, what columns the resource's, how they are written the writer's. An engine that
streams `COPY` takes the same three and returns the same count.
"""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet

from exports.resources.columns import ExportResource
from exports.writers import RowWriter

CHUNK_ROWS = 2_000
Progress = Callable[[int, int], None]


def write_rows(
    *, queryset: QuerySet[Any], resource: ExportResource, writer: RowWriter, total: int, on_progress: Progress | None
) -> int:
    """Write every row of `queryset` and return how many there were; memory doesn't grow with them.

    Must run inside a transaction: outside one, and behind a pooler, there are no server-side cursors.
    `on_progress(written, total)` is called after each chunk and at the end.
    """
    written = 0
    people = resource.narrow(queryset).iterator(chunk_size=CHUNK_ROWS)
    for cells in resource.rows(people):
        writer.write_row(cells)
        written += 1
        if on_progress and written % CHUNK_ROWS == 0:
            on_progress(written, total)
    if on_progress:
        on_progress(written, total)
    return written
