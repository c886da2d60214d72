"""The rows of a file that `UploadField` or `validate_upload` has taken."""

import codecs
import csv
import io
from collections.abc import Iterator
from typing import IO

from django.utils.translation import gettext_lazy as _
from openpyxl import load_workbook

from common.text import clean_text
from common.uploads.archive import read_entries, unsound
from common.uploads.csv_text import DELIMITERS
from common.uploads.judge import ZIP_BEGINNING
from common.uploads.refusal import UploadRefused

# openpyxl holds all texts of a workbook in memory, and takes about a second for each megabyte of short ones.
LARGEST_WORKBOOK_BYTES = 5 * 1024 * 1024
LAST_COLUMN = 100  # what stands further to the side belongs to no list


def read_rows(file: IO[bytes], *, at_most: int) -> list[list[str]]:
    """The cells of each row, empty ones too, as text without space around it; of a workbook its first sheet's.

    `file` must have passed `validate_upload`; of formulas their last values are taken. Raises UploadRefused for a
    file of more than `at_most` rows, a workbook of more than 5 MB when unpacked, or one that is damaged inside.
    """
    file.seek(0)
    is_workbook = file.read(len(ZIP_BEGINNING)) == ZIP_BEGINNING
    rows: list[list[str]] = []
    for cells in _workbook_rows(file, at_most) if is_workbook else _csv_rows(file):
        if len(rows) == at_most:
            words = _("This file has more than %(count)d rows. Split it into smaller ones.")
            raise UploadRefused("too-many-rows", words % {"count": at_most})
        rows.append([clean_text("" if cell is None else str(cell)).strip() for cell in cells])
    return rows


def _csv_rows(file: IO[bytes]) -> Iterator[list[str]]:
    file.seek(0)
    encoding = "utf-16" if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    try:
        first = text.readline()
        text.seek(0)
        yield from csv.reader(text, delimiter=max(DELIMITERS, key=first.count))
    finally:
        text.detach()


def _workbook_rows(file: IO[bytes], at_most: int) -> Iterator[tuple[object, ...]]:
    if sum(entry.unpacked_bytes for entry in read_entries(file)) > LARGEST_WORKBOOK_BYTES:
        words = _("This Excel file holds far more than a list. Copy the list into a file of its own.")
        raise UploadRefused("too-much", words)
    try:
        book = load_workbook(file, read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # they are only what the file says of itself
        # One row more than may be, to tell a file that goes on; rows that the file leaves out come as empty ones.
        yield from sheet.iter_rows(max_row=at_most + 1, max_col=LAST_COLUMN, values_only=True)
    except Exception as error:
        # openpyxl answers a damaged part with whatever its parsers meet: KeyError, ValueError, ParseError.
        raise unsound() from error
