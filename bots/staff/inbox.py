"""What waits in the inbox, of which bots, and the parts that it is kept in."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.admin_scope import staff_user
from bots.models import Bot
from bots.partitions import TABLES, troubles
from bots.selectors import COUNT_WAITING_OF_BOT_UP_TO, longest_backlogs
from bots.staff.page import page, refuse_without, visible
from common.partitions import Partition, PartitionedTable, PartSize, partitions_of, sizes_of

MOST_BOTS = 20


@dataclass(frozen=True)
class Parts:
    """A table in parts, as the page shows it; `default` is the size of what belongs to none."""

    table: PartitionedTable
    rows: list[tuple[Partition, PartSize]]
    default: PartSize


@require_safe
def inbox_page(request: HttpRequest) -> HttpResponse:
    """The bots with the longest backlogs and, for who isn't limited to some candidates, the partitions."""
    refuse_without(request, "bots.view_inboundupdate")
    is_limited = staff_user(request).is_limited_to_scopes
    context = {
        "title": _("Backlog and partitions"),
        "backlogs": longest_backlogs(visible(request, Bot), MOST_BOTS),
        "count_up_to": COUNT_WAITING_OF_BOT_UP_TO,
        "tables": [] if is_limited else [_parts(table) for table in TABLES],
        "troubles": [] if is_limited else troubles(),
    }
    return page(request, "inbox", context)


def _parts(table: PartitionedTable) -> Parts:
    sizes = sizes_of(table)
    rows = [(partition, sizes[partition.name]) for partition in reversed(partitions_of(table))]
    return Parts(table, rows, sizes[table.default])
