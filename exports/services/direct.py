"""Exports that are written at once: what a list of the admin shows, and what a command writes to a file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, BinaryIO

from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from common.jalali import format_local
from exports.approval import needs_approval
from exports.datasets import Dataset, Wish, check_wish, dataset_named, refuse_content
from exports.engine import Written, write_export
from exports.errors import ExportRefusedError
from exports.snapshot import one_snapshot

# In the audit log, of datasets that no list of the admin exports.
ACTION = "exports.data.export"
# Of rows written and rows in all.
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ExportSummary:
    """What a whole export holds: rows without the headings, bytes, and the file's SHA-256 in hex."""

    rows: int
    bytes: int
    sha256: str


def export_list(
    *,
    dataset: str,
    queryset: QuerySet[Any],
    file: BinaryIO,
    format: str,
    actor: User | None,
    language: str,
    columns: Sequence[str] = (),
    filters: Mapping[str, str] | None = None,
    purpose: str = "",
    on_progress: Progress | None = None,
) -> ExportSummary:
    """Write rows that the caller has chosen to `file`, as one consistent state of the database, and audit it.

    `actor` None is the system. Of a limited actor's `queryset` only what lies in their scope is written. No columns
    means all that the actor may see. `filters` and `purpose` are for the audit log, so they hold no personal data. The
    file belongs to the caller, who throws it away when this raises:

    - ExportRefusedError `needs-approval` where a second person would have to agree, and as `refuse_content` does
    - ExportFailedError as `write_export` does
    """
    wish = Wish(dataset, None, {}, tuple(columns), format, language, purpose, actor)
    found = dataset_named(dataset)
    refuse_content(wish, found)
    rows = found.limited(queryset, actor)
    with one_snapshot():
        total = rows.count()
        _refuse_where_two_must_agree(wish, found, total)
        with translation.override(language):
            sheet = found.sheet_of(rows, columns_in_order(wish, found))
            watermark = _watermark(actor)
        written = write_export(
            sheets=[sheet],
            format=format,
            file=file,
            language=language,
            watermark=watermark,
            on_progress=(lambda done: on_progress(done, total)) if on_progress else None,
        )
        return _recorded(wish, found, written, filters or {})


def export_data(*, wish: Wish, file: BinaryIO, on_progress: Progress | None = None) -> ExportSummary:
    """Write a wish of the system to `file`, of any size and in clear, and audit it.

    Raises ExportRefusedError as `check_wish` does, and ExportFailedError as `write_export` does.
    """
    check_wish(wish)
    found = dataset_named(wish.dataset)
    with one_snapshot():
        total = found.count(wish)
        with translation.override(wish.language):
            watermark = _watermark(wish.actor)
        written = found.write(
            wish,
            file=file,
            watermark=watermark,
            on_progress=(lambda done: on_progress(done, total)) if on_progress else None,
        )
        return _recorded(wish, found, written, wish.filters)


def columns_in_order(wish: Wish, dataset: Dataset) -> list[str]:
    """The names of the wish's columns, as the dataset orders them."""
    chosen = dataset.chosen(wish)
    return [name for name, _heading, _is_personal in dataset.columns(wish.actor) if name in chosen]


def _recorded(wish: Wish, dataset: Dataset, written: Written, filters: Mapping[str, str]) -> ExportSummary:
    summary = ExportSummary(rows=written.rows, bytes=written.bytes, sha256=written.sha256)
    details: dict[str, Any] = {name: getattr(wish, name) for name in ("purpose", "columns", "format", "language")}
    details |= {"dataset": dataset.code, "filters": dict(filters), **asdict(summary)}
    if wish.candidate:
        details["candidate"] = wish.candidate.code
    record(action=dataset.action or ACTION, actor=wish.actor, details=details)
    return summary


def _refuse_where_two_must_agree(wish: Wish, dataset: Dataset, rows: int) -> None:
    if wish.actor and needs_approval(rows=rows, holds_personal_data=dataset.holds_personal_data(wish)):
        words = _("So many rows of personal data need a second person's approval. Ask for them under “Exports”.")
        raise ExportRefusedError("needs-approval", words)


def _watermark(actor: User | None) -> str:
    values = {"person": str(actor) if actor else _("the system"), "time": format_local(timezone.now())}
    return _("%(person)s, %(time)s") % values
