"""From the rows of a file to a table whose columns are those of an import."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from tablib import Dataset

from accounts.models import User
from common.uploads import UploadRefused
from exports.imports.kinds import ImportKind
from exports.imports.resource import ImportColumn
from plans.candidate_list import folded

MOST_ROWS = 5_000
# What our own exports put before text that a spreadsheet would take for a formula (exports/writers/defuse.py).
DEFUSED = re.compile(r"^'(?=\s*[=+\-@＝＋－＠])")
WATERMARK = "# "  # the last record of our own CSV files


@dataclass(frozen=True)
class ReadTable:
    """The rows that aren't empty, and the lines they stand in; `ignored` are headings that no column has."""

    table: Dataset
    lines: tuple[int, ...]
    ignored: tuple[str, ...]


def read_table(kind: ImportKind, rows: Sequence[Sequence[str]], user: User | None) -> ReadTable:
    """The rows of a file, its headings first, as the columns of `kind` that `user` may import.

    Raises UploadRefused: `no-rows`, `two-columns`, `column-missing`, `column-not-allowed`.
    """
    filled = [(line, row) for line, row in enumerate(rows, start=1) if any(row) and not _is_watermark(row)]
    if len(filled) < 2:
        raise UploadRefused("no-rows", _("This file has no rows below its headings."))
    places, ignored = _places(kind, filled[0][1], user)
    given = [column.column_name for column in places.values()]
    missing = [
        str(column.heading) for column in kind.columns(user) if column.is_key and column.column_name not in given
    ]
    if missing:
        words = _("This file has no column “%(heading)s”.") % {"heading": missing[0]}
        raise UploadRefused("column-missing", words)
    table = Dataset(headers=given)
    for _line, row in filled[1:]:
        table.append([DEFUSED.sub("", row[place]) if place < len(row) else "" for place in places])
    return ReadTable(table, tuple(line for line, _row in filled[1:]), tuple(ignored))


def _places(kind: ImportKind, headings: Sequence[str], user: User | None) -> tuple[dict[int, ImportColumn], list[str]]:
    allowed = {column.column_name for column in kind.columns(user)}
    headings_of = [(column, column.headings()) for column in kind.columns(None)]
    found: dict[int, ImportColumn] = {}
    ignored = []
    for place, heading in enumerate(headings):
        key = folded(heading)
        column = next((column for column, known in headings_of if key in known), None)
        if column is None:
            ignored += [heading] if heading else []
            continue
        names = {"heading": heading}
        if column.column_name not in allowed:
            words = _("You may not see what stands in the column “%(heading)s”. Take it out of the file.")
            raise UploadRefused("column-not-allowed", words % names)
        if column.column_name in {other.column_name for other in found.values()}:
            raise UploadRefused("two-columns", _("The column “%(heading)s” is there twice.") % names)
        found[place] = column
    return found, ignored


def _is_watermark(row: Sequence[str]) -> bool:
    return row[0].startswith(WATERMARK) and not any(row[1:])
