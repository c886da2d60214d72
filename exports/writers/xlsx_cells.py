"""Rows of a sheet as XML, of COPY's text.

ECMA-376-1 (https://ecma-international.org/publications-and-standards/standards/ecma-376/), 18.3.1: `row`, `c`. A cell
without a reference follows the one before it.
"""

from collections.abc import Sequence
from html import escape

from exports.writers.base import NO_NUMBER, CellType, SheetColumn
from exports.writers.cell_text import MAXIMUM_UNITS, cell_text, escape_escapes
from exports.writers.copy_text import read_cell
from exports.writers.defuse import defuse

# No text of so many bytes has more UTF-16 units.
MAXIMUM_CELL_BYTES = MAXIMUM_UNITS
# Places in the list of styles, see xlsx_parts.
TEXT_STYLE, QUOTED_STYLE, WHOLE_STYLE, MOMENT_STYLE, DAY_STYLE, HEADING_STYLE = range(1, 7)
NUMBER_STYLES = {
    CellType.WHOLE: WHOLE_STYLE,
    CellType.DECIMAL: 0,
    CellType.MOMENT: MOMENT_STYLE,
    CellType.DAY: DAY_STYLE,
}
TEXT_CLOSE = b"</t></is></c>"
EMPTY_CELL = b"<c/>"
ROW_OPEN, ROW_CLOSE = b"<row>", b"</row>"
XML_SIGNS = ((b"&", b"&amp;"), (b"<", b"&lt;"), (b">", b"&gt;"))


def _text_open(style: int) -> bytes:
    return b'<c s="%d" t="inlineStr"><is><t xml:space="preserve">' % style


def text_cell(text: str, style: int | None = None) -> bytes:
    """Any text as a cell; without a style, that of text or of text that looks like a formula."""
    text = cell_text(text)
    if not text:
        return EMPTY_CELL
    if style is None:
        style = TEXT_STYLE if defuse(text) == text else QUOTED_STYLE
    return _text_open(style) + escape(escape_escapes(text), quote=False).encode() + TEXT_CLOSE


def heading_row(headings: Sequence[str]) -> bytes:
    """The row of headings."""
    return ROW_OPEN + b"".join(text_cell(heading, HEADING_STYLE) for heading in headings) + ROW_CLOSE


def text_row(text: str) -> bytes:
    """A row of one text."""
    return ROW_OPEN + text_cell(text) + ROW_CLOSE


class RowShape:
    """Makes rows with these columns."""

    def __init__(self, columns: Sequence[SheetColumn]) -> None:
        self._columns = columns
        self._between: dict[tuple[int, ...], list[bytes]] = {}

    def rows(self, data: bytes, count: int) -> bytes:
        """Rows in which no text needs care, as XML. What is done for each cell here is done by C."""
        for sign, entity in XML_SIGNS:
            if sign in data:
                data = data.replace(sign, entity)
        cells = data.replace(b"\n", b"\t").split(b"\t")
        cells.pop()
        between = self._between_cells(self._tag_some(cells))
        pieces = [b""] * (2 * len(cells))
        pieces[0::2] = between * count
        pieces[1::2] = cells
        # The first row has none before it, whose end would stand there.
        pieces[0] = between[0][between[0].index(ROW_OPEN) :]
        end = between[0][: between[0].index(ROW_OPEN)]
        return b"".join(pieces) + end

    def _tag_some(self, cells: list[bytes]) -> tuple[int, ...]:
        """Give cells of columns that have empty ones, or are finished, tags of their own; returns which columns."""
        width = len(self._columns)
        tagged = []
        for place, column in enumerate(self._columns):
            of_column = cells[place::width]
            if column.finish or b"" in of_column:
                cells[place::width] = self._tagged(column, of_column)
                tagged.append(place)
        return tuple(tagged)

    def _tagged(self, column: SheetColumn, cells: Sequence[bytes]) -> list[bytes]:
        if finish := column.finish:
            return [text_cell(finish(cell)) if cell else EMPTY_CELL for cell in cells]
        start, end = _tags(column)
        return [start + cell + end if cell else EMPTY_CELL for cell in cells]

    def _between_cells(self, tagged: tuple[int, ...]) -> list[bytes]:
        """What stands before each cell of a row, beginning with the end of the row before."""
        if tagged not in self._between:
            pairs = [(b"", b"") if place in tagged else _tags(column) for place, column in enumerate(self._columns)]
            opened, closed = [start for start, _end in pairs], [end for _start, end in pairs]
            before_row = closed[-1] + ROW_CLOSE + ROW_OPEN + opened[0]
            between = [end + start for end, start in zip(closed, opened[1:], strict=False)]
            self._between[tagged] = [before_row, *between]
        return self._between[tagged]

    def careful_row(self, row: bytes | memoryview) -> bytes:
        """One row with anything in it, cell by cell."""
        cells = bytes(row)[:-1].split(b"\t")
        pairs = zip(self._columns, cells, strict=True)
        return ROW_OPEN + b"".join([_careful_cell(column, cell) for column, cell in pairs]) + ROW_CLOSE


def _careful_cell(column: SheetColumn, cell: bytes) -> bytes:
    if not cell:
        return EMPTY_CELL
    if column.finish:
        return text_cell(column.finish(cell))
    if column.type is CellType.TEXT:
        return text_cell(read_cell(cell))
    if cell.startswith(NO_NUMBER):
        return text_cell(cell.removeprefix(NO_NUMBER).decode(), TEXT_STYLE)
    start, end = _tags(column)
    return start + cell + end


def _tags(column: SheetColumn) -> tuple[bytes, bytes]:
    """What stands around a cell of this column."""
    if column.type is CellType.TEXT:
        return _text_open(TEXT_STYLE), TEXT_CLOSE
    return b'<c s="%d"><v>' % NUMBER_STYLES[column.type], b"</v></c>"
