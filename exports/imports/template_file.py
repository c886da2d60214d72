"""An empty file with the headings that an import reads."""

import csv
import io
from collections.abc import Sequence

from openpyxl import Workbook

from common.language import reads_persian

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def template_file(headings: Sequence[str], format: str) -> bytes:
    """The file in one of FORMATS; every cell of a workbook's columns is text, so that codes and phones keep zeros."""
    return _workbook(headings) if format == "xlsx" else _csv(headings)


def _csv(headings: Sequence[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(headings)
    return text.getvalue().encode("utf-8-sig")


def _workbook(headings: Sequence[str]) -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.sheet_view.rightToLeft = reads_persian()
    sheet.append(list(headings))
    sheet.freeze_panes = "A2"
    for cell in sheet[1]:
        dimension = sheet.column_dimensions[cell.column_letter]
        dimension.width, dimension.number_format = 24, "@"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
