import errno
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from exports.engine.reading import read_blocks
from exports.engine.statement import prepare
from exports.errors import ExportFailedError
from exports.files import MeasuringStream
from exports.resources.columns import ExportResource
from exports.writers import writer_named
from exports.writers.base import TableWriter

PROGRESS_SECONDS = 1.0
Progress = Callable[[int], None]


@dataclass(frozen=True)
class SheetSource:
    """A sheet: which rows is the queryset's business, which columns the resource's; no `columns` means all of them."""

    title: str
    resource: ExportResource
    queryset: QuerySet[Any]
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Written:
    """What a whole file holds: rows without headings and watermark, as SQL counted them, too; bytes; SHA-256 in hex."""

    rows: int
    bytes: int
    sha256: str
    rows_by_sheet: dict[str, int]


def write_export(
    *,
    sheets: Sequence[SheetSource],
    format: str,
    file: BinaryIO,
    language: str,
    watermark: str = "",
    on_progress: Progress | None = None,
) -> Written:
    """Write every row of every sheet to `file`, which only has to `write`; memory doesn't grow with the rows.

    Must run inside `one_snapshot()`. `on_progress` gets the rows so far about every second and at the end; it may
    raise, as a cancelled run does. The file belongs to the caller, who throws it away when this raises:

    - ExportRefusedError `unknown-format`
    - ExportFailedError `incomplete` when fewer or more rows were written than SQL counts, `disk-full`
    """
    stream = MeasuringStream(file)
    tell = _Telling(on_progress)
    rows_by_sheet: dict[str, int] = {}
    with translation.override(language), _failure_handled(stream):
        writer = writer_named(format)(
            cast(BinaryIO, stream), right_to_left=translation.get_language_bidi(), watermark=watermark
        )
        with _whole(writer):
            for sheet in sheets:
                rows_by_sheet[sheet.title] = _write_sheet(sheet, writer, tell)
    tell.now()
    return Written(
        rows=sum(rows_by_sheet.values()), bytes=stream.size, sha256=stream.sha256, rows_by_sheet=rows_by_sheet
    )


class _Telling:
    """Tells the caller how far it is, about every second."""

    def __init__(self, on_progress: Progress | None) -> None:
        self._on_progress = on_progress
        self._next = time.monotonic() + PROGRESS_SECONDS
        self._rows = 0

    def add(self, rows: int) -> None:
        self._rows += rows
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + PROGRESS_SECONDS
            self.now()

    def now(self) -> None:
        if self._on_progress:
            self._on_progress(self._rows)


def _write_sheet(sheet: SheetSource, writer: TableWriter, tell: _Telling) -> int:
    counted, written = sheet.queryset.count(), 0
    prepared = prepare(sheet.resource, sheet.queryset, sheet.columns, writer)
    writer.begin_sheet(sheet.title, prepared.columns)
    if prepared.statement:
        with closing(read_blocks(prepared.statement, prepared.parameters, prepared.columns)) as blocks:
            for block in blocks:
                writer.write_block(block)
                written += len(block.rows)
                tell.add(len(block.rows))
    writer.end_sheet()
    if written != counted:
        message = _("The export is incomplete: %(total)d rows were counted, %(written)d were written.")
        raise ExportFailedError("incomplete", message % {"total": counted, "written": written})
    return written


@contextmanager
def _whole(writer: TableWriter) -> Iterator[None]:
    try:
        writer.open()
        yield
        writer.close()
    except BaseException:
        writer.abort()
        raise


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
