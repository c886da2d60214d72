import csv
import io
import re
from collections.abc import Iterator, Sequence

from common.text import clean_text
from exports.writers.base import Block, CellType, Dialect, SheetColumn, TableWriter
from exports.writers.defuse import defuse
from exports.writers.scan import may_hold_formula

BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # without it Excel reads Persian as Windows-1252 or -1256
ROW_END = b"\r\n"
WATERMARK_SIGN = "# "
QUOTE = '"'
_CELL = re.compile(r'(?:"((?:[^"]++|"")*+)"|([^",\r\n]*+))[,\n]')
_HAS_SPECIAL = re.compile('[",\r\n]')


class CsvWriter(TableWriter):
    """Comma-separated values: UTF-8 with a byte order mark, rows and quotes as RFC 4180 wants them.

    Text is defused (see `defuse`) and otherwise kept, line breaks and control characters included. COPY's own CSV goes
    through as it is; only rows that may hold a formula are taken apart. The watermark is a last record of one cell.
    """

    extension = "csv"
    content_type = "text/csv; charset=utf-8"
    dialect = Dialect.CSV

    def open(self) -> None:
        self.file.write(BYTE_ORDER_MARK)

    def begin_sheet(self, title: str, columns: Sequence[SheetColumn]) -> None:
        ends = [b","] * (len(columns) - 1) + [ROW_END]
        self._finished = [
            (column.mark, column.finish, end) for column, end in zip(columns, ends, strict=True) if column.finish
        ]
        self._writes_text = [column.type is CellType.TEXT for column in columns]
        self.file.write(_record([defuse(column.heading) for column in columns]))

    def write_block(self, block: Block) -> None:
        if not _needs_care(block.data, len(block.rows)):
            self.file.write(self._finish(block.data.replace(b"\n", ROW_END)))
        else:
            self.file.write(b"".join([self._careful_row(bytes(row)) for row in block.rows]))

    def end_sheet(self) -> None:
        """Nothing marks the end of rows."""

    def close(self) -> None:
        if self.watermark:
            self.file.write(_record([WATERMARK_SIGN + self.watermark]))

    def _careful_row(self, row: bytes) -> bytes:
        if not _needs_care(row, 1):
            return self._finish(row[:-1] + ROW_END)
        pairs = zip(_cells(row.decode()), self._writes_text, strict=True)
        return self._finish(_record([defuse(cell) if is_text else cell for cell, is_text in pairs]))

    def _finish(self, rows: bytes) -> bytes:
        """Rows, which end with ROW_END, with what only Python can make of a cell wherever its mark stands."""
        for mark, finish, end in self._finished:
            before, *marked = rows.split(mark)
            pieces = [before]
            for piece in marked:
                value, _end, after = piece.partition(end)
                pieces += (_cell(finish(value)), end, after)
            rows = b"".join(pieces)
        return rows


def _needs_care(data: bytes, rows: int) -> bool:
    """Whether a cell may have to be defused, or holds a line break, which then isn't the row's end."""
    return b"\t" in data or b"\r" in data or data.count(b"\n") != rows or may_hold_formula(data)


def _cells(row: str) -> Iterator[str]:
    """The cells of a row as COPY writes it; Python's own reader refuses those beyond 131,072 characters."""
    for match in _CELL.finditer(row):
        quoted, plain = match.groups()
        yield plain if quoted is None else quoted.replace(QUOTE * 2, QUOTE)


def _cell(text: str) -> bytes:
    text = defuse(clean_text(text))
    return f'"{text.replace(QUOTE, QUOTE * 2)}"'.encode() if _HAS_SPECIAL.search(text) else text.encode()


def _record(cells: Sequence[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator=ROW_END.decode()).writerow(cells)
    return text.getvalue().encode()
