"""Which exports a member of staff may see and change, and the figures about them."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from accounts.models import User
from accounts.selectors import candidates_visible_to
from exports.approval import APPROVE_PERMISSION
from exports.errors import ExportFailedError
from exports.models import DataExportLog, ExportNotice, ScheduledExport
from exports.vault import free_bytes

VIEW_PERMISSION = "exports.view_dataexportlog"
MANAGE_PERMISSION = "exports.manage_exports"
FAILED_LATELY = dt.timedelta(days=7)

State = DataExportLog.State


@dataclass(frozen=True)
class ExportFigures:
    """How many exports are in which state, what their files take, and when the next schedule is due.

    `failed` counts those of the last week that nobody has tried again.
    `free_bytes` is None where nobody knows how much room there is.
    """

    awaiting: int
    queued: int
    running: int
    ready: int
    failed: int
    files: int
    bytes_used: int
    free_bytes: int | None
    next_due: dt.datetime | None


def exports_visible_to(user: User) -> QuerySet[DataExportLog]:
    """One's own exports; all of them for who may see the list, as far as they are about candidates in scope.

    Whoever a schedule's file was sent to counts it as their own. An export about several or all candidates is seen, by
    those who are limited to some, only where it is their own.
    """
    runs = DataExportLog.objects.select_related("asked_by", "approved_by", "candidate", "schedule")
    sent = ExportNotice.objects.filter(recipient=user, kind=ExportNotice.Kind.READY)
    own = Q(asked_by=user) | Q(pk__in=sent.exclude(state=ExportNotice.State.WITHHELD).values("run"))
    if not user.has_perms([VIEW_PERMISSION]):
        runs = runs.filter(own)
    if user.is_limited_to_scopes:
        in_scope = Q(candidate__in=candidates_visible_to(user))
        runs = runs.filter(in_scope | Q(candidate=None) & own)
    return runs


def may_change(user: User, run: DataExportLog) -> bool:
    """Whether `user` may cancel, try again and remove the export: their own, or any they see with the right to."""
    if run.asked_by_id != user.pk and not user.has_perm(MANAGE_PERMISSION):
        return False
    return user.is_active and exports_visible_to(user).filter(pk=run.pk).exists()


def may_approve(user: User, run: DataExportLog) -> bool:
    """Whether `user` may agree to the export, or refuse to: who has the right, sees it, and didn't ask for it."""
    if run.asked_by_id == user.pk or not user.has_perm(APPROVE_PERMISSION):
        return False
    return exports_visible_to(user).filter(pk=run.pk).exists()


def figures(user: User) -> ExportFigures:
    """The figures of the exports that `user` may see."""
    runs = exports_visible_to(user).order_by()
    states = {
        "awaiting": State.AWAITING_APPROVAL,
        "queued": State.QUEUED,
        "running": State.RUNNING,
        "ready": State.READY,
    }
    lately = Q(state=State.FAILED, finished_at__gte=timezone.now() - FAILED_LATELY)
    not_tried_again = ~Q(Exists(DataExportLog.objects.filter(retry_of=OuterRef("pk"))))
    found = runs.aggregate(
        **{name: Count("pk", filter=Q(state=state)) for name, state in states.items()},
        failed=Count("pk", filter=lately & not_tried_again),
        bytes_used=Sum("stored_bytes", filter=Q(state=State.READY), default=0),
    )
    return ExportFigures(**found, files=found["ready"], free_bytes=_free_bytes(), next_due=_next_due(user))


def _free_bytes() -> int | None:
    try:
        return free_bytes()
    except ExportFailedError:  # the storage is away, and the page is no less useful
        return None


def _next_due(user: User) -> dt.datetime | None:
    schedules = ScheduledExport.objects.filter(is_active=True)
    if not user.has_perm("exports.view_scheduledexport"):
        schedules = schedules.filter(owner=user)
    if user.is_limited_to_scopes:
        schedules = schedules.filter(Q(candidate__in=candidates_visible_to(user)) | Q(candidate=None, owner=user))
    due: dt.datetime | None = schedules.aggregate(due=Min("next_due_at"))["due"]
    return due
