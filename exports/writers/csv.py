import csv
import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

from common.jalali import TEHRAN
from common.text import clean_text
from exports.writers.base import Cell, RowWriter
from exports.writers.defuse import defuse

BYTE_ORDER_MARK = "\ufeff"  # without it Excel reads Persian as Windows-1252 or -1256
BLOCK_CHARACTERS = 64 * 1024


class CsvWriter(RowWriter):
    """Comma-separated values: UTF-8 with a byte order mark, rows and quotes as RFC 4180 wants them.

    Moments are ISO 8601 with Tehran's offset, to the second. Text is defused (see `defuse`) and otherwise kept,
    line breaks and control characters included.
    """

    extension = "csv"
    content_type = "text/csv; charset=utf-8"

    def open(self) -> None:
        self._block = io.StringIO(newline="")
        self._rows: Any = csv.writer(self._block, lineterminator="\r\n")
        self._block.write(BYTE_ORDER_MARK)
        self.write_row([heading.text for heading in self.headings])

    def write_row(self, cells: Sequence[Cell]) -> None:
        self._rows.writerow([_as_text(cell) for cell in cells])
        if self._block.tell() >= BLOCK_CHARACTERS:
            self._flush()

    def close(self) -> None:
        self._flush()

    def abort(self) -> None:
        self._block.close()

    def _flush(self) -> None:
        self.file.write(self._block.getvalue().encode())
        self._block.seek(0)
        self._block.truncate()


def _as_text(cell: Cell) -> str | int:
    if isinstance(cell, str):
        return defuse(clean_text(cell))
    if isinstance(cell, dt.datetime):
        return cell.astimezone(TEHRAN).isoformat(timespec="seconds")
    return "" if cell is None else cell
