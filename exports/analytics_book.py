"""A workbook of figures, with a chart that Excel draws itself beside each table."""

import datetime as dt
import io
from collections.abc import Sequence
from typing import Any, BinaryIO

import xlsxwriter
from django.utils import translation
from django.utils.translation import gettext as _

from exports.analytics_tables import Chart, FigureTable
from exports.writers.cell_text import cell_text

# Figures are small, so the book is made in memory: a draft on the disk would lie there in clear.
# Text is never taken for a formula, a number or an address.
OPTIONS = {
    "in_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
CHART_SIZE = {"width": 720, "height": 380}
COLUMNS_APART = 1


def write_book(tables: Sequence[FigureTable], file: BinaryIO, *, watermark: str) -> None:
    """Write a sheet for each table to a stream that only has to `write`, in the language of now."""
    content = io.BytesIO()
    book: Any = xlsxwriter.Workbook(content, OPTIONS)
    styles = {
        "heading": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}),
        "day": book.add_format({"num_format": "yyyy-mm-dd"}),
        "number": book.add_format({"num_format": "#,##0"}),
        "text": book.add_format({"num_format": "@"}),
    }
    for table in tables:
        _write_sheet(book, table, styles)
    if watermark:
        book.set_properties({"comments": watermark})
        sheet = book.add_worksheet(_("About this file"))
        sheet.write_string(0, 0, cell_text(watermark), styles["text"])
    book.close()
    file.write(content.getvalue())


def _write_sheet(book: Any, table: FigureTable, styles: dict[str, Any]) -> None:
    sheet = book.add_worksheet(table.title)
    if translation.get_language_bidi():
        sheet.right_to_left()
    sheet.freeze_panes(1, 0)
    for position, column in enumerate(table.columns):
        sheet.set_column(position, position, column.width)
        sheet.write_string(0, position, column.heading, styles["heading"])
    for number, row in enumerate(table.rows, 1):
        for position, cell in enumerate(row):
            _write_cell(sheet, number, position, cell, styles)
    sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)
    if table.rows:
        sheet.insert_chart(1, len(table.columns) + COLUMNS_APART, _chart(book, table))


def _write_cell(sheet: Any, row: int, column: int, cell: object, styles: dict[str, Any]) -> None:
    if isinstance(cell, str):
        sheet.write_string(row, column, cell_text(cell), styles["text"])
    elif isinstance(cell, dt.date):
        sheet.write_datetime(row, column, cell, styles["day"])
    elif isinstance(cell, int):
        sheet.write_number(row, column, cell, styles["number"])


def _chart(book: Any, table: FigureTable) -> Any:
    chart = book.add_chart({"type": table.chart.value})
    last = len(table.rows)
    for column in table.drawn:
        chart.add_series(
            {
                "name": [table.title, 0, column],
                "categories": [table.title, 1, 0, last, 0],
                "values": [table.title, 1, column, last, column],
            }
        )
    chart.set_title({"name": table.title})
    chart.set_size(CHART_SIZE)
    if len(table.drawn) == 1:
        chart.set_legend({"none": True})
    if table.chart is Chart.BARS:
        chart.set_y_axis({"reverse": True})  # the most frequent on top
    return chart
