"""Rows that Python made, in the form in which writers take those of PostgreSQL."""

import csv
import io
from collections.abc import Sequence

from exports.writers.base import Block, Dialect, SheetColumn

CRLF = "\r\n"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def block_of(rows: Sequence[Sequence[object]], columns: Sequence[SheetColumn], dialect: Dialect) -> Block:
    """Some rows of finished cells, each as its text; None is empty."""
    as_row = _csv_row if dialect is Dialect.CSV else _text_row
    lines = [as_row(["" if cell is None else str(cell) for cell in row]) for row in rows]
    return Block(lines, columns, max(map(len, lines), default=0))


def _text_row(cells: Sequence[str]) -> bytes:
    return ("\t".join(cell.translate(_ESCAPES) for cell in cells) + "\n").encode()


def _csv_row(cells: Sequence[str]) -> bytes:
    text = io.StringIO(newline="")
    # Python quotes a carriage return only where rows end with one.
    csv.writer(text, lineterminator=CRLF).writerow(cells)
    return f"{text.getvalue().removesuffix(CRLF)}\n".encode()
