"""Excel files, written as they come: no draft of them is kept anywhere.

Formulas are inert in three ways. Text is written as a string (`t="inlineStr"`), which no program evaluates on opening.
Text cells carry the number format "@" (Text), so a cell that somebody edits and leaves stays text. And what looks like
a formula also has the style `quotePrefix`, Excel's own mark for text that was typed with an apostrophe, which outlives
a change of the number format. No character is added to the text itself.
"""

from collections.abc import Sequence
from contextlib import ExitStack
from itertools import groupby
from typing import BinaryIO, ClassVar

from django.utils.translation import gettext as _

from exports.writers.base import Block, CellType, Moments, SheetColumn, TableWriter
from exports.writers.scan import may_need_care
from exports.writers.xlsx_cells import MAXIMUM_CELL_BYTES, RowShape, heading_row, text_row
from exports.writers.xlsx_parts import (
    SheetPart,
    content_types,
    core_properties,
    package_relations,
    sheet_head,
    sheet_tail,
    styles,
    workbook,
    workbook_relations,
)
from exports.writers.zip_stream import LARGEST_SMALL, EntryStream, ZipStream

# Excel specifications and limits: 1,048,576 rows a sheet, of which one holds the headings.
MAXIMUM_ROWS = 1_048_575
# A sheet of 4 GiB would need a form of ZIP that Excel doesn't open, not to speak of the memory.
MAXIMUM_SHEET_BYTES = LARGEST_SMALL - 256 * 1024 * 1024
SHEET_NAME_CHARACTERS = 31
FORBIDDEN_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))
MEASURED_ROWS = 200
NARROWEST, WIDEST = 8, 60


class XlsxWriter(TableWriter):
    """An Excel workbook: bold frozen headings, a filter, real dates, right to left where asked.

    Moments are dates in Tehran's time, as Excel has no zones. Rows beyond a sheet's limit go on in a further sheet.
    Columns are as wide as their first rows need. The watermark is a property of the document, and a last sheet.
    """

    extension = "xlsx"
    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    moments = Moments.EXCEL
    maximum_rows: ClassVar[int] = MAXIMUM_ROWS
    maximum_sheet_bytes: ClassVar[int] = MAXIMUM_SHEET_BYTES

    def __init__(self, file: BinaryIO, *, right_to_left: bool, watermark: str) -> None:
        super().__init__(file, right_to_left=right_to_left, watermark=watermark)
        self._archive = ZipStream(file)
        self._parts: list[SheetPart] = []
        self._entry = ExitStack()
        self._sheet: EntryStream | None = None

    def open(self) -> None:
        # Programs know a workbook by its first files.
        self._write_part("_rels/.rels", package_relations())
        self._write_part("docProps/core.xml", core_properties(self.watermark))
        self._write_part("xl/styles.xml", styles())

    def begin_sheet(self, title: str, columns: Sequence[SheetColumn]) -> None:
        self._title = title
        self._number = 0
        self._columns = columns
        self._shape = RowShape(columns)
        self._widths: list[int] = []

    def write_block(self, block: Block) -> None:
        if not self._widths:
            self._widths = _widths(block)
        sheet = self._sheet or self._begin_part()
        room = self.maximum_rows - self._rows
        rows = block.rows
        if len(rows) > room:
            self._write_rows(sheet, Block(rows[:room], block.columns, block.longest))
            self._end_part()
            self.write_block(Block(rows[room:], block.columns, block.longest))
            return
        self._write_rows(sheet, block)
        if sheet.size > self.maximum_sheet_bytes:
            self._end_part()

    def end_sheet(self) -> None:
        if not self._number:
            self._widths = [column.width for column in self._columns]
            self._begin_part()
        if self._sheet:
            self._end_part()

    def close(self) -> None:
        if self.watermark:
            self._write_watermark()
        self._write_part("xl/workbook.xml", workbook(self._parts))
        self._write_part("xl/_rels/workbook.xml.rels", workbook_relations(self._parts))
        self._write_part("[Content_Types].xml", content_types(self._parts))
        self._archive.close()

    def _write_rows(self, sheet: EntryStream, block: Block) -> None:
        self._rows += len(block.rows)
        if block.longest <= MAXIMUM_CELL_BYTES and not may_need_care(block.data):
            sheet.write(self._shape.rows(block.data, len(block.rows)))
            return
        for needs_care, rows in groupby(block.rows, _needs_care):
            if needs_care:
                sheet.write(b"".join(map(self._shape.careful_row, rows)))
            else:
                plain = list(rows)
                sheet.write(self._shape.rows(b"".join(plain), len(plain)))

    def _begin_part(self) -> EntryStream:
        self._number += 1
        part = SheetPart(len(self._parts) + 1, self._free_name(self._title, self._number), len(self._columns))
        self._parts.append(part)
        self._rows = 0
        self._sheet = self._entry.enter_context(self._archive.entry(part.path))
        self._sheet.write(sheet_head(self._widths, right_to_left=self.right_to_left, is_table=True))
        self._sheet.write(heading_row([column.heading for column in self._columns]))
        return self._sheet

    def _end_part(self) -> None:
        part = self._parts[-1]
        part.rows = self._rows + 1
        if self._sheet:
            self._sheet.write(sheet_tail(part))
        self._sheet = None
        self._entry.close()

    def _free_name(self, title: str, number: int) -> str:
        """The sheet's name: no longer than Excel allows, of what it allows, and unlike the others whatever the case."""
        taken = {part.name.casefold() for part in self._parts}
        clean = title.translate(FORBIDDEN_IN_NAMES).strip() or "-"
        while True:
            suffix = f" {number}" if number > 1 else ""
            name = clean[: SHEET_NAME_CHARACTERS - len(suffix)] + suffix
            if name.casefold() not in taken:
                return name
            number += 1

    def _write_watermark(self) -> None:
        part = SheetPart(len(self._parts) + 1, self._free_name(_("About this file"), 1), columns=1, has_filter=False)
        self._parts.append(part)
        with self._archive.entry(part.path) as sheet:
            sheet.write(sheet_head([WIDEST], right_to_left=self.right_to_left, is_table=False))
            sheet.write(text_row(self.watermark))
            sheet.write(sheet_tail(part))

    def _write_part(self, path: str, content: str) -> None:
        with self._archive.entry(path) as part:
            part.write(content.encode())


def _needs_care(row: bytes | memoryview) -> bool:
    return len(row) > MAXIMUM_CELL_BYTES or may_need_care(bytes(row))


def _widths(block: Block) -> list[int]:
    """The widths that the headings and the first rows need, within limits."""
    first = Block(block.rows[:MEASURED_ROWS], block.columns, block.longest)
    longest = [0] * len(block.columns)
    for row in first.table():
        longest = [max(pair) for pair in zip(longest, map(len, row), strict=True)]
    return [_width(column, characters) for column, characters in zip(block.columns, longest, strict=True)]


def _width(column: SheetColumn, characters: int) -> int:
    if column.type in {CellType.MOMENT, CellType.DAY}:
        return column.width
    return min(max(characters + 2, NARROWEST, min(column.width, len(column.heading) + 4)), WIDEST)
