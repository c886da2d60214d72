"""JSON Lines, Parquet, and a ZIP where there are several sheets, read back by other libraries."""

import datetime as dt
import io
import json
import tracemalloc
import zipfile
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet
from pyarrow.lib import ArrowInvalid

from exports.tests.dataset_files import read_jsonl, read_parquet
from exports.tests.samples import HOSTILE
from exports.writers import WRITERS, writer_named
from exports.writers.base import CellType, SheetColumn
from exports.writers.own_rows import block_of
from exports.writers.parquet import GROUP_BYTES

TEXT = (SheetColumn("Text"), SheetColumn("End"))
TYPED = tuple(SheetColumn(type.value, type=type) for type in CellType)
# PostgreSQL stores no NUL and no lone surrogate.
STORED_TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


def file_of(
    format: str, rows: Sequence[Sequence[object]], columns: Sequence[SheetColumn] = TEXT, watermark: str = ""
) -> bytes:
    """A file with two sheets in a ZIP, else with one."""
    file = io.BytesIO()
    writer = writer_named(format)(file, right_to_left=True, watermark=watermark)
    writer.open()
    for title in ("نخست", "دوم/2")[: 2 if format.endswith("zip") else 1]:
        writer.begin_sheet(title, columns)
        if rows:
            writer.write_block(block_of(rows, columns, writer.dialect))
        writer.end_sheet()
    writer.close()
    return file.getvalue()


def read(format: str, data: bytes) -> list[dict[str, Any]]:
    return {"jsonl": read_jsonl, "parquet": read_parquet}[format](data)


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_hostile_texts_come_back(format):
    rows = read(format, file_of(format, [(text, "end") for text in HOSTILE]))
    assert rows == [{"Text": text, "End": "end"} for text in HOSTILE]


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
@given(texts=st.lists(STORED_TEXT, min_size=1, max_size=5))
def test_any_text_comes_back(format, texts):
    rows = read(format, file_of(format, [(text, "end") for text in texts]))
    assert [row["Text"] for row in rows] == texts


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
def test_cells_beyond_excels_limit_are_whole(format):
    (row,) = read(format, file_of(format, [("ن" * 40_000, "end")]))
    assert row["Text"] == "ن" * 40_000


def test_cells_have_their_types_in_parquet():
    row = ("متن", "-9223372036854775808", "0.5", "2025-11-22T14:30:05+03:30", "2025-11-22")
    told, empty = read_parquet(file_of("parquet", [row, ("", "", "", "", "")], TYPED))
    moment = dt.datetime(2025, 11, 22, 11, 0, 5, tzinfo=dt.UTC)
    assert told == {
        "text": "متن", "whole": -(2**63), "decimal": 0.5, "moment": moment, "day": dt.date(2025, 11, 22),
    }  # fmt: skip
    assert str(told["moment"].tzinfo) == "Asia/Tehran"
    assert empty == {"text": "", "whole": None, "decimal": None, "moment": None, "day": None}


def test_numbers_are_numbers_in_json():
    row = ("007", "9007199254740993", "1e+20", "2025-11-22T14:30:05+03:30", "2025-11-22")
    first, second = file_of("jsonl", [row, ("", "", "NaN", "", "")], TYPED).decode().splitlines()
    assert first == (
        '{"text":"007","whole":9007199254740993,"decimal":1e+20,'
        '"moment":"2025-11-22T14:30:05+03:30","day":"2025-11-22"}'
    )
    assert json.loads(second) == {"text": "", "whole": None, "decimal": None, "moment": None, "day": None}


def test_a_file_without_rows_has_its_columns():
    assert file_of("jsonl", []) == b""
    table = parquet.read_table(io.BytesIO(file_of("parquet", [])))
    assert (table.num_rows, table.column_names) == (0, ["Text", "End"])


def test_the_watermark_is_no_row():
    lines = file_of("jsonl", [("a", "b")], watermark="mina").decode().splitlines()
    assert lines == ['{"Text":"a","End":"b"}', '{"# export":"mina"}']
    table = parquet.read_table(io.BytesIO(file_of("parquet", [("a", "b")], watermark="mina")))
    assert table.num_rows == 1
    assert table.schema.metadata[b"watermark"] == b"mina"


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet"])
def test_several_sheets_come_as_a_zip_of_files(format):
    whole = file_of(format, [("الف", "end")])
    with zipfile.ZipFile(io.BytesIO(file_of(f"{format}.zip", [("الف", "end")]))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"01-نخست.{format}", f"02-دوم_2.{format}"]
        assert [archive.read(name) for name in archive.namelist()] == [whole, whole]


@pytest.mark.parametrize("format", [name for name in WRITERS if name.startswith("parquet")])
def test_a_file_that_was_given_up_has_no_end(format):
    file = io.BytesIO()
    writer = writer_named(format)(file, right_to_left=False, watermark="")
    writer.open()
    writer.begin_sheet("a", TEXT)
    writer.write_block(block_of([("a", "b")], TEXT, writer.dialect))
    size = len(file.getvalue())
    writer.abort()
    assert len(file.getvalue()) == size
    with pytest.raises((ArrowInvalid, OSError)):
        parquet.read_table(io.BytesIO(file.getvalue()))


def test_parquet_keeps_one_group_of_rows_in_memory():
    class Counting(io.RawIOBase):
        size = 0

        def write(self, data: Any) -> int:
            self.size += len(data)
            return len(data)

    file = Counting()
    writer = writer_named("parquet")(file, right_to_left=False, watermark="")  # type: ignore[arg-type]
    writer.open()
    writer.begin_sheet("a", TEXT)
    sizes = []
    tracemalloc.start()
    for number in range(60):
        rows = [(f"{number}-{row} نام و نام خانوادگی {row * number}", "end") for row in range(12_000)]
        writer.write_block(block_of(rows, TEXT, writer.dialect))
        sizes.append(file.size)
        assert tracemalloc.get_traced_memory()[0] < 4 * GROUP_BYTES
    tracemalloc.stop()
    writer.end_sheet()
    assert len(set(sizes)) > 3, "nothing was written before the end"
