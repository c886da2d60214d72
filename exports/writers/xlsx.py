"""Excel files, by XlsxWriter in its constant-memory mode.

Formulas are inert in three ways. Text is written as a string (`t="inlineStr"`), which no program evaluates on
opening; XlsxWriter's guessing of formulas, links and numbers from text is switched off. Text cells carry the number
format "@" (Text), so a cell that somebody edits and leaves stays text. And what looks like a formula also has the
style `quotePrefix`, Excel's own mark for text that was typed with an apostrophe, which outlives a change of the
number format. No character is added to the text itself.
"""

import datetime as dt
import tempfile
from collections.abc import Sequence
from typing import Any, ClassVar

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError
from xlsxwriter.worksheet import Worksheet

from common.jalali import TEHRAN
from exports.writers.base import Cell, RowWriter
from exports.writers.cell_text import cell_text, escape_escapes
from exports.writers.defuse import defuse

# Excel specifications and limits: 1,048,576 rows a sheet, of which one holds the headings.
MAXIMUM_ROWS = 1_048_575
# A number has 15 significant digits there; longer ones are written as text rather than rounded.
LARGEST_NUMBER = 10**15 - 1
FIRST_YEAR = 1900  # Excel's calendar begins here
SHEET_NAME_CHARACTERS = 31
OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
    "use_zip64": True,
}


class InertWorksheet(Worksheet):  # type: ignore[misc]
    """A sheet that writes any text as itself, where XlsxWriter (3.3) doesn't.

    In constant-memory mode it copies a text that begins with `<r>` and ends with `</r>` into the file as XML, which
    breaks the file or smuggles formatting in; and it leaves `_x005F_x0041_` half escaped. It calls the two methods
    below for each text that it writes.
    """

    @staticmethod
    def _escape_control_characters(data: str) -> str:
        return escape_escapes(data)

    def _xml_rich_inline_string(self, string: str, attributes: list[Any]) -> None:
        self._xml_inline_string(string, True, attributes)


class XlsxWriter(RowWriter):
    """An Excel workbook: bold frozen headings, a filter, real dates, right to left where asked.

    Moments are dates in Tehran's time, as Excel has no zones. Rows beyond a sheet's limit go on in a further sheet.
    XlsxWriter keeps its drafts, as large as the data, in a private temporary folder until the end.
    """

    extension = "xlsx"
    content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    maximum_rows: ClassVar[int] = MAXIMUM_ROWS

    def open(self) -> None:
        self._drafts = tempfile.TemporaryDirectory(prefix="electionsite-export-")
        self._book: Any = xlsxwriter.Workbook(self.file, {**OPTIONS, "tmpdir": self._drafts.name})
        self._bold = self._book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self._text = self._book.add_format({"num_format": "@"})
        self._quoted = self._book.add_format({"num_format": "@", "quote_prefix": True})
        self._number = self._book.add_format({"num_format": "0"})
        self._moment = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._begin_sheet()

    def write_row(self, cells: Sequence[Cell]) -> None:
        if self._row >= self.maximum_rows:
            self._end_sheet()
            self._begin_sheet()
        self._row += 1
        for column, cell in enumerate(cells):
            if isinstance(cell, str):
                self._write_text(column, cell)
            elif isinstance(cell, dt.datetime):
                self._write_moment(column, cell)
            elif cell is not None and abs(cell) <= LARGEST_NUMBER:
                self._sheet.write_number(self._row, column, cell, self._number)
            elif cell is not None:
                self._write_text(column, str(cell))

    def close(self) -> None:
        self._end_sheet()
        try:
            self._book.close()
        except FileCreateError as error:  # its wrapping of an OSError hides which
            raise error.args[0] from error
        self._drafts.cleanup()

    def abort(self) -> None:
        for sheet in self._book.worksheets():
            sheet._opt_close()  # what Workbook.close does at its end; it alone would finish the file
        self._drafts.cleanup()

    def _begin_sheet(self) -> None:
        number = len(self._book.worksheets()) + 1
        suffix = f" {number}" if number > 1 else ""
        name = self.title[: SHEET_NAME_CHARACTERS - len(suffix)] + suffix
        self._sheet = self._book.add_worksheet(name, InertWorksheet)
        if self.right_to_left:
            self._sheet.right_to_left()
        self._sheet.freeze_panes(1, 0)
        self._row = 0
        for column, heading in enumerate(self.headings):
            self._sheet.set_column(column, column, heading.width)
            self._sheet.write_string(0, column, cell_text(heading.text), self._bold)

    def _end_sheet(self) -> None:
        last_column = len(self.headings) - 1
        self._sheet.autofilter(0, 0, self._row, last_column)
        # Phone numbers and the like are text on purpose; without this Excel marks each with a green corner.
        self._sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{self._row + 1}"})

    def _write_text(self, column: int, text: str) -> None:
        text = cell_text(text)
        if text:
            style = self._text if defuse(text) == text else self._quoted
            self._sheet.write_string(self._row, column, text, style)

    def _write_moment(self, column: int, moment: dt.datetime) -> None:
        local = moment.astimezone(TEHRAN).replace(tzinfo=None, microsecond=0)
        if local.year < FIRST_YEAR:
            self._write_text(column, local.isoformat(" "))
        else:
            self._sheet.write_datetime(self._row, column, local, self._moment)
