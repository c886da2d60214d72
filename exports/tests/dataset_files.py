"""Files of datasets, written as a worker writes them and read back by other libraries."""

import csv
import io
import json
import zipfile
from typing import Any

import openpyxl
from pyarrow import parquet

from exports.datasets import Wish, dataset_named
from exports.engine import Written
from exports.snapshot import one_snapshot

Row = dict[str, Any]
PURPOSE = "a test"


def write(dataset: str, *, watermark: str = "", **fields: Any) -> tuple[bytes, Written]:
    """The file of a wish of the system in English, unless told otherwise."""
    wish = Wish(**{"dataset": dataset, "language": "en", "purpose": PURPOSE, **fields})
    file = io.BytesIO()
    with one_snapshot():
        written = dataset_named(dataset).write(wish, file=file, watermark=watermark)
    return file.getvalue(), written


def rows_of(dataset: str, *, format: str = "jsonl", **fields: Any) -> dict[str, list[Row]]:
    """The rows of each sheet, by the sheet's title."""
    data, written = write(dataset, format=format, **fields)
    titles = list(written.rows_by_sheet)
    if format == "xlsx":
        return read_book(data)
    if data.startswith(b"PK"):
        parts = [_READERS[format](part) for part in read_parts(data)]
        return dict(zip(titles, parts, strict=True))
    return {titles[0]: _READERS[format](data)} if titles else {}


def only_rows(dataset: str, **fields: Any) -> list[Row]:
    """The rows of a dataset's only sheet."""
    (rows,) = rows_of(dataset, **fields).values()
    return rows


def read_parts(data: bytes) -> list[bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return [archive.read(name) for name in archive.namelist()]


def read_book(data: bytes) -> dict[str, list[Row]]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return {sheet.title: _with_headings([[cell.value for cell in row] for row in sheet.iter_rows()]) for sheet in book}


def read_csv(data: bytes) -> list[Row]:
    return _with_headings(list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))))


def read_jsonl(data: bytes) -> list[Row]:
    return [json.loads(line) for line in data.decode().split("\n") if line]


def read_parquet(data: bytes) -> list[Row]:
    rows: list[Row] = parquet.read_table(io.BytesIO(data)).to_pylist()
    return rows


def _with_headings(lines: list[list[Any]]) -> list[Row]:
    headings, *rows = lines
    return [dict(zip(headings, row, strict=True)) for row in rows]


_READERS = {"csv": read_csv, "jsonl": read_jsonl, "parquet": read_parquet}
