"""File formats. A new one is a `TableWriter` and a line here."""

from django.utils.translation import gettext as _

from exports.errors import ExportRefusedError
from exports.writers.base import TableWriter
from exports.writers.csv import CsvWriter
from exports.writers.jsonl import JsonLinesWriter
from exports.writers.parquet import ParquetWriter
from exports.writers.xlsx import XlsxWriter
from exports.writers.zipped import ZippedCsvWriter, ZippedJsonLinesWriter, ZippedParquetWriter

WRITERS: dict[str, type[TableWriter]] = {
    writer.extension: writer
    for writer in (
        XlsxWriter,
        CsvWriter,
        JsonLinesWriter,
        ParquetWriter,
        ZippedCsvWriter,
        ZippedJsonLinesWriter,
        ZippedParquetWriter,
    )
}

__all__ = ["WRITERS", "CsvWriter", "TableWriter", "XlsxWriter", "writer_named"]


def writer_named(format: str) -> type[TableWriter]:
    """The writer of a format such as `csv`.

    Raises ExportRefusedError (`unknown-format`) for one that isn't in WRITERS.
    """
    try:
        return WRITERS[format]
    except KeyError:
        message = _("There is no format “%(format)s”; there are: %(known)s.")
        raise ExportRefusedError("unknown-format", message % {"format": format, "known": ", ".join(WRITERS)}) from None
