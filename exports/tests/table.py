"""Rows with anything in them, written through the engine as a dataset's are."""

import io
from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet, Value

from exports.engine import SheetSource, write_export
from exports.models import DataExportLog
from exports.resources.columns import Column, ExportResource, Kind


class TableResource(ExportResource):
    """A column of each kind, of a model whose text has no limit."""

    text = Column("Text", reads="reason", width=30)
    number = Column("Number", reads="rows_written", kind=Kind.NUMBER)
    known = Column("Known", reads="rows_expected", kind=Kind.ID)
    flag = Column("Flag", reads="holds_personal_data", kind=Kind.FLAG)
    jalali = Column("Jalali", reads="due_at", kind=Kind.JALALI)
    moment = Column("Moment", reads="due_at", kind=Kind.MOMENT, width=20)
    choice = Column("Choice", reads="dataset", kind=Kind.CHOICE, words=lambda: {"a": "آ, یا «ب»", "": "nothing"})
    secret = Column("Secret", reads="file_key", kind=Kind.SECRET)
    json = Column("JSON", reads="filters", kind=Kind.JSON)
    finished = Column("Finished", reads="reason", finish=lambda: lambda text: text[::-1])
    end = Column("End", reads=Value("end"))

    class Meta:
        model = DataExportLog
        fields = export_order = (
            "text", "number", "known", "flag", "jalali", "moment", "choice", "secret", "json", "finished", "end",
        )  # fmt: skip


def add_rows(rows: Sequence[dict[str, Any]]) -> QuerySet[DataExportLog]:
    """Rows of the table in this order, instead of those there were."""
    DataExportLog.objects.all().delete()
    runs = (DataExportLog(**{"dataset": "x", "format": "csv", **row}) for row in rows)
    DataExportLog.objects.bulk_create(runs)
    return DataExportLog.objects.order_by("pk")


def write_rows(
    rows: Sequence[dict[str, Any]], format: str, *columns: str, language: str = "en", watermark: str = ""
) -> bytes:
    """The file of these rows with these columns."""
    file = io.BytesIO()
    sheet = SheetSource("Table", TableResource(), add_rows(rows), columns)
    written = write_export(sheets=[sheet], format=format, file=file, language=language, watermark=watermark)
    assert written.rows == len(rows)
    return file.getvalue()


def write_texts(texts: Sequence[str], format: str, *, column: str = "text") -> bytes:
    """The file of these texts, in the first of two columns; the other one's cells are never empty."""
    field = "file_key" if column == "secret" else "reason"
    return write_rows([{field: text} for text in texts], format, column, "end")
