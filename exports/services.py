"""Exporting."""

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import BinaryIO, cast

from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import limit_to_scopes
from audit.services import record
from bots.models import BotUser
from exports.engine import Progress, write_rows
from exports.errors import ExportFailedError, ExportRefusedError
from exports.files import MeasuringStream
from exports.resources import BotUserResource
from exports.snapshot import one_snapshot
from exports.writers import writer_named

EXPORT_PERMISSION = "bots.export_botuser"
PHONE_PERMISSION = "bots.view_phone"


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
    stream = MeasuringStream(file)
    with one_snapshot():
        total = queryset.count()
        with translation.override(language), _failure_handled(stream):
            written = _write(queryset, stream, format, with_phones, total, on_progress)
        _refuse_unless_complete(written, total)
        summary = ExportSummary(rows=written, bytes=stream.size, sha256=stream.sha256)
        asked = {"filters": dict(filters or {}), "purpose": purpose, "with_phones": with_phones}
        details = {**asked, "format": format, "language": language, **asdict(summary)}
        record(action="exports.bot_users.export", actor=actor, details=details)
    return summary


def _write(
    queryset: QuerySet[BotUser],
    stream: MeasuringStream,
    format: str,
    with_phones: bool,
    total: int,
    on_progress: Progress | None,
) -> int:
    """Write the file in the language of now; returns the number of its rows."""
    resource = BotUserResource(with_phones=with_phones)
    with writer_named(format)(
        cast(BinaryIO, stream),
        title=_("Bot users"),
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
