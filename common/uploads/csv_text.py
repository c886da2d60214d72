"""What a file must be to pass as CSV."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from typing import IO

from django.utils.translation import gettext_lazy as _

from common.uploads.refusal import UploadRefused

LONGEST_LINE = 256 * 1024
DELIMITERS = ",;\t"
# Text files of other kinds, which would pass as a CSV file of one column.
OTHER_BEGINNINGS = ("<", "%PDF", "%!PS", "{\\rtf", "#!", "MZ")
CONTROL_CHARACTERS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def judge_csv(file: IO[bytes]) -> None:
    """Read `file` through as CSV: UTF-8, or UTF-16 with its byte order mark; commas, semicolons or tabs.

    Raises UploadRefused where it isn't that, with the line that it fails in.
    """
    file.seek(0)
    encoding = "utf-16" if file.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig"
    file.seek(0)
    text = io.TextIOWrapper(file, encoding=encoding, newline="")
    lines = _lines(text)
    try:
        first = next(lines, "")
        if first.lstrip().startswith(OTHER_BEGINNINGS):
            raise UploadRefused("not-csv", _("This is no CSV file. Save it as CSV (UTF-8) or .xlsx."))
        delimiter = max(DELIMITERS, key=first.count)
        for _row in csv.reader(_with(first, lines), delimiter=delimiter, strict=True):
            pass
    except UnicodeError as error:
        words = _("This file's letters can't be read. Save it as “CSV UTF-8”.")
        raise UploadRefused("not-utf-8", words) from error
    except csv.Error as error:
        words = _("This file can't be read as CSV: a quotation mark is missing, or a cell is too long.")
        raise UploadRefused("not-csv", words) from error
    finally:
        text.detach()


def _with(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest


def _lines(text: IO[str]) -> Iterator[str]:
    number = 0
    while line := text.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE:
            words = _("Line %(number)d of this file is too long for a CSV file.")
            raise UploadRefused("line-too-long", words % {"number": number})
        if CONTROL_CHARACTERS.search(line):
            words = _("Line %(number)d of this file holds characters that no text has. Save it as “CSV UTF-8”.")
            raise UploadRefused("binary", words % {"number": number})
        yield line
