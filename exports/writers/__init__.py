"""File formats. A new one is a `RowWriter` and a line here."""

from django.utils.translation import gettext as _

from exports.errors import ExportRefusedError
from exports.writers.base import Cell, Heading, RowWriter
from exports.writers.csv import CsvWriter
from exports.writers.xlsx import XlsxWriter

WRITERS: dict[str, type[RowWriter]] = {writer.extension: writer for writer in (XlsxWriter, CsvWriter)}

__all__ = ["WRITERS", "Cell", "CsvWriter", "Heading", "RowWriter", "XlsxWriter", "writer_named"]


def writer_named(format: str) -> type[RowWriter]:
    """The writer of a format such as `csv`.

    Raises ExportRefusedError (`unknown-format`) for one that isn't in WRITERS.
    """
    try:
        return WRITERS[format]
    except KeyError:
        message = _("There is no format “%(format)s”; there are: %(known)s.")
        raise ExportRefusedError("unknown-format", message % {"format": format, "known": ", ".join(WRITERS)}) from None
