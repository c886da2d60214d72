"""The dashboard of exports: what runs, waits, is ready or has failed, and what comes next."""

import datetime as dt
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from common.crypto import content_hash
from exports.models import DataExportLog, ScheduledExport
from exports.pages.page import datasets_for, page, user_of_exports
from exports.pages.run_row import RunRow
from exports.schedules.selectors import schedules_visible_to
from exports.selectors import MANAGE_PERMISSION, exports_visible_to, figures

ROWS_SHOWN = 20
SCHEDULES_SHOWN = 5
FAILED_SHOWN_FOR = dt.timedelta(days=7)
State = DataExportLog.State


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """What happens to exports now; the page keeps itself up to date."""
    user = user_of_exports(request)
    context: dict[str, Any] = {
        "title": _("Exports"),
        # Before the rows: what changes in between is then drawn anew at the next look, rather than never.
        "signature": signature_of(user),
        "figures": figures(user),
        "awaiting": rows_of(user, State.AWAITING_APPROVAL),
        "under_way": rows_of(user, *DataExportLog.UNDER_WAY),
        "ready": rows_of(user, State.READY),
        "failed": failed_lately(user),
        "schedules": next_schedules(user),
        "may_create": bool(datasets_for(user)),
        "may_clean_up": user.has_perm(MANAGE_PERMISSION) and not user.is_limited_to_scopes,
    }
    return page(request, "dashboard", context)


@require_safe
def stats(request: HttpRequest) -> JsonResponse:
    """The dashboard's figures, and how far each export under way is."""
    user = user_of_exports(request)
    found = figures(user)
    return JsonResponse(
        {
            "awaiting": found.awaiting,
            "queued": found.queued,
            "running": found.running,
            "ready": found.ready,
            "failed": found.failed,
            "files": found.files,
            "bytes_used": found.bytes_used,
            "free_bytes": found.free_bytes,
            "next_schedules": [
                {"id": schedule.pk, "name": schedule.name, "due_at": schedule.next_due_at}
                for schedule in next_schedules(user)
            ],
            "under_way": [row.progress() for row in rows_of(user, *DataExportLog.UNDER_WAY)],
            "signature": signature_of(user),
        }
    )


def rows_of(user: User, *states: str) -> list[RunRow]:
    """The newest exports in one of these states that `user` may see."""
    return [RunRow(run, user) for run in newest(exports_visible_to(user).filter(state__in=states))]


def failed_lately(user: User) -> list[RunRow]:
    """The exports that failed within the last days and weren't tried again."""
    since = timezone.now() - FAILED_SHOWN_FOR
    failed = exports_visible_to(user).filter(state=State.FAILED, finished_at__gte=since, retries=None)
    return [RunRow(run, user) for run in newest(failed)]


def newest(runs: QuerySet[DataExportLog]) -> QuerySet[DataExportLog]:
    """As many as a page shows, without what only a worker needs."""
    shown = runs.select_related("asked_by", "candidate", "schedule").defer("file_key", "manifest")
    return shown.order_by("-pk")[:ROWS_SHOWN]


def next_schedules(user: User) -> list[ScheduledExport]:
    """The schedules that come next."""
    active = schedules_visible_to(user).filter(is_active=True).select_related("candidate")
    return list(active.order_by("next_due_at", "pk")[:SCHEDULES_SHOWN])


def signature_of(user: User) -> str:
    """Changes when an export appears, or passes to another state, so that the page knows when to draw itself anew."""
    latest = exports_visible_to(user).order_by("-pk").values_list("pk", "state")
    return content_hash({"runs": [list(pair) for pair in latest[: ROWS_SHOWN * 5]]})
