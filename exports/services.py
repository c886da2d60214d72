"""Exporting."""

import errno
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO, cast

from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.selectors import limit_to_scopes
from audit.finding import may_read_log
from audit.models import AuditLog
from audit.services import record
from bots.models import BotUser
from exports.engine import Progress, write_rows
from exports.errors import ExportFailedError, ExportRefusedError
from exports.files import MeasuringStream
from exports.resources import (
    AuditLogResource,
    BotUserResource,
    ExportResource,
    MoveRowResource,
    PlanHistoryResource,
)
from exports.snapshot import one_snapshot
from exports.writers import writer_named
from plans.models import PlanReleaseHistory, SubscriberMoveRow

EXPORT_PERMISSION = "bots.export_botuser"
PHONE_PERMISSION = "bots.view_phone"
LOG_PERMISSION = "audit.export_auditlog"
HISTORY_PERMISSION = "plans.export_planreleasehistory"
MOVE_PERMISSION = "plans.export_subscribermove"


@dataclass(frozen=True)
class Dataset:
    """What is exported: the act in the audit log, the name that the file tells, and how its columns are made."""

    action: str
    title: Any
    make_resource: Callable[[], ExportResource]


@dataclass(frozen=True)
class ExportSummary:
    """What a whole export holds: rows without the headings, bytes, and the file's SHA-256 in hex."""

    rows: int
    bytes: int
    sha256: str


def export_bot_users(
    *,
    queryset: QuerySet[BotUser],
    file: BinaryIO,
    format: str,
    actor: User | None,
    with_phones: bool,
    language: str,
    filters: Mapping[str, str] | None = None,
    purpose: str = "",
    on_progress: Progress | None = None,
) -> ExportSummary:
    """Write people to `file` as one consistent state of the database, and audit it.

    `actor` None is the system. Of a limited actor's `queryset` only what lies in their scope is written. `filters`
    and `purpose` are for the audit log, so they hold no personal data. The file belongs to the caller, who throws
    it away when this raises:

    - ExportRefusedError `not-allowed`, `phones-not-allowed`, `purpose-missing` (phones need one), `unknown-format`
    - ExportFailedError `incomplete` when fewer or more rows were written than SQL counts, `disk-full`
    """
    _refuse_unless_allowed(actor, with_phones, purpose)
    if actor:
        queryset = limit_to_scopes(queryset, actor, candidate="bot__candidate")
    people = Dataset(
        action="exports.bot_users.export",
        title=gettext_lazy("Bot users"),
        make_resource=lambda: BotUserResource(with_phones=with_phones),
    )
    asked = {"filters": dict(filters or {}), "purpose": purpose, "with_phones": with_phones}
    return _export(
        people, queryset, file=file, format=format, actor=actor, language=language, asked=asked, on_progress=on_progress
    )


def export_audit_log(
    *,
    queryset: QuerySet[AuditLog],
    file: BinaryIO,
    format: str,
    actor: User | None,
    language: str,
    filters: Mapping[str, str] | None = None,
    on_progress: Progress | None = None,
) -> ExportSummary:
    """Write rows of the audit log to `file` as one consistent state of the database, and audit that.

    `actor` None is the system. `filters` are for the audit log. The file belongs to the caller, who throws it away
    when this raises ExportRefusedError `not-allowed` or `unknown-format`, or ExportFailedError as
    `export_bot_users` does.
    """
    if actor and not (may_read_log(actor) and actor.has_perm(LOG_PERMISSION)):
        raise ExportRefusedError("not-allowed", _("You may not export the audit log."))
    log = Dataset(action="exports.audit_log.export", title=gettext_lazy("Audit log"), make_resource=AuditLogResource)
    asked = {"filters": dict(filters or {})}
    return _export(
        log, queryset, file=file, format=format, actor=actor, language=language, asked=asked, on_progress=on_progress
    )


def may_export_history(staff: User) -> bool:
    """Whether somebody may export the history of plans: who may see it, and may export it."""
    return staff.has_perms(["plans.view_plan", HISTORY_PERMISSION])


def export_plan_history(
    *,
    queryset: QuerySet[PlanReleaseHistory],
    file: BinaryIO,
    format: str,
    actor: User | None,
    language: str,
    filters: Mapping[str, str] | None = None,
    on_progress: Progress | None = None,
) -> ExportSummary:
    """Write steps of plans to `file`, and audit that. Everything else is as with `export_audit_log`."""
    if actor and not may_export_history(actor):
        raise ExportRefusedError("not-allowed", _("You may not export the history of plans."))
    history = Dataset(
        action="exports.plan_history.export",
        title=gettext_lazy("History of a plan"),
        make_resource=PlanHistoryResource,
    )
    asked = {"filters": dict(filters or {})}
    return _export(
        history,
        queryset,
        file=file,
        format=format,
        actor=actor,
        language=language,
        asked=asked,
        on_progress=on_progress,
    )


def may_export_move(staff: User) -> bool:
    """Whether somebody may export the rows of a move, which names candidates of all: nobody limited to some."""
    return not staff.is_limited_to_scopes and staff.has_perms(["plans.view_subscribermove", MOVE_PERMISSION])


def export_move(
    *,
    queryset: QuerySet[SubscriberMoveRow],
    file: BinaryIO,
    format: str,
    actor: User | None,
    language: str,
    filters: Mapping[str, str] | None = None,
    on_progress: Progress | None = None,
) -> ExportSummary:
    """Write what became of subscribers in a move, and audit that. Everything else is as with `export_audit_log`."""
    if actor and not may_export_move(actor):
        raise ExportRefusedError("not-allowed", _("You may not export moves of subscribers."))
    rows = Dataset(
        action="exports.subscriber_move.export",
        title=gettext_lazy("Subscribers of a move"),
        make_resource=MoveRowResource,
    )
    asked = {"filters": dict(filters or {})}
    return _export(
        rows, queryset, file=file, format=format, actor=actor, language=language, asked=asked, on_progress=on_progress
    )


def _export(
    dataset: Dataset,
    queryset: QuerySet[Any],
    *,
    file: BinaryIO,
    format: str,
    actor: User | None,
    language: str,
    asked: dict[str, Any],
    on_progress: Progress | None,
) -> ExportSummary:
    stream = MeasuringStream(file)
    with one_snapshot():
        total = queryset.count()
        with translation.override(language), _failure_handled(stream):
            written = _write(dataset, queryset, stream, format, total, on_progress)
        _refuse_unless_complete(written, total)
        summary = ExportSummary(rows=written, bytes=stream.size, sha256=stream.sha256)
        details = {**asked, "format": format, "language": language, **asdict(summary)}
        record(action=dataset.action, actor=actor, details=details)
    return summary


def _write(
    dataset: Dataset,
    queryset: QuerySet[Any],
    stream: MeasuringStream,
    format: str,
    total: int,
    on_progress: Progress | None,
) -> int:
    """Write the file in the language of now; returns the number of its rows."""
    resource = dataset.make_resource()
    with writer_named(format)(
        cast(BinaryIO, stream),
        title=str(dataset.title),
        headings=resource.headings(),
        right_to_left=translation.get_language_bidi(),
    ) as writer:
        return write_rows(queryset=queryset, resource=resource, writer=writer, total=total, on_progress=on_progress)


def _refuse_unless_complete(written: int, total: int) -> None:
    if written != total:
        message = _("The export is incomplete: %(total)d rows were counted, %(written)d were written.")
        raise ExportFailedError("incomplete", message % {"total": total, "written": written})


def _refuse_unless_allowed(actor: User | None, with_phones: bool, purpose: str) -> None:
    if actor and not actor.has_perm(EXPORT_PERMISSION):
        raise ExportRefusedError("not-allowed", _("You may not export bot users."))
    if actor and with_phones and not actor.has_perm(PHONE_PERMISSION):
        raise ExportRefusedError("phones-not-allowed", _("You may not see phone numbers, so you can't export them."))
    if with_phones and not purpose.strip():
        raise ExportRefusedError("purpose-missing", _("Say what the phone numbers are needed for."))


@contextmanager
def _failure_handled(stream: MeasuringStream) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        stream.give_up()
        if error.errno != errno.ENOSPC:
            raise
        raise ExportFailedError("disk-full", _("The disk is full; the export was given up.")) from error
    except BaseException:
        stream.give_up()
        raise
