import datetime as dt
import io
import zipfile

import openpyxl
import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.errors import ExportRefusedError
from exports.tests.samples import HOSTILE, SEEN, read_csv, read_xlsx
from exports.writers import CsvWriter, Heading, RowWriter, XlsxWriter, writer_named
from exports.writers.cell_text import MAXIMUM_UNITS, cell_text, units
from exports.writers.defuse import defuse

HEADINGS = [Heading("First"), Heading("Second", width=30)]
# What PostgreSQL's text holds: no NUL, no lone surrogate.
MARKUP = st.lists(st.sampled_from(["<r>", "</r>", "<t>", "_x", "005F", "0041", "_", "&", "=", "\r", " "])).map("".join)
STORED_TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])) | MARKUP


def write(writer: type[RowWriter], rows, *, headings=HEADINGS, right_to_left=False) -> bytes:
    file = io.BytesIO()
    with writer(file, title="People", headings=headings, right_to_left=right_to_left) as opened:
        for row in rows:
            opened.write_row(row)
    return file.getvalue()


def as_excel_keeps_it(text: str) -> str:
    forbidden = {*range(0x20), 0xFFFE, 0xFFFF} - {0x09, 0x0A, 0x0D}
    kept = "".join(character for character in text if ord(character) not in forbidden)
    return kept.replace("\r\n", "\n").replace("\r", "\n")


def test_csv_begins_with_a_byte_order_mark_and_ends_rows_by_crlf():
    assert write(CsvWriter, [["a", 1]]) == b"\xef\xbb\xbfFirst,Second\r\na,1\r\n"


def test_csv_quotes_as_rfc_4180_wants_it():
    data = write(CsvWriter, [['say "a", b', "two\r\nlines"]])
    assert data.endswith(b'"say ""a"", b","two\r\nlines"\r\n')


def test_csv_writes_moments_in_tehran_with_their_offset():
    assert read_csv(write(CsvWriter, [[SEEN, None]]))[1] == ["2025-11-22T14:30:05+03:30", ""]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_comes_back_from_both_formats(text):
    assert read_csv(write(CsvWriter, [[text, "x"]]))[1] == [defuse(text), "x"]
    assert read_xlsx(write(XlsxWriter, [[text, "x"]]))[1] == [as_excel_keeps_it(text) or None, "x"]


@given(st.lists(st.tuples(STORED_TEXT, STORED_TEXT), max_size=5))
def test_any_text_comes_back_from_csv(rows):
    assert read_csv(write(CsvWriter, rows))[1:] == [[defuse(cell) for cell in row] for row in rows]


@given(st.lists(st.tuples(STORED_TEXT, STORED_TEXT), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_any_text_comes_back_from_xlsx(rows):
    # The last cell is never empty, so that openpyxl sees every row at its whole width.
    data = write(XlsxWriter, [[*row, "end"] for row in rows], headings=[*HEADINGS, Heading("Third")])
    expected = [[*(as_excel_keeps_it(cell) or None for cell in row), "end"] for row in rows]
    assert read_xlsx(data)[1:] == expected


def test_formulas_are_strings_in_xlsx():
    data = write(XlsxWriter, [["=1+1", "plain"]])
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    assert (sheet["A2"].data_type, sheet["A2"].quotePrefix, sheet["A2"].number_format) == ("s", True, "@")
    assert not sheet["B2"].quotePrefix
    xml = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in xml
    assert "hyperlink" not in xml


@pytest.mark.parametrize("right_to_left", [True, False])
def test_xlsx_headings_are_bold_frozen_and_filtered(right_to_left):
    sheet = openpyxl.load_workbook(io.BytesIO(write(XlsxWriter, [["a", "b"]], right_to_left=right_to_left))).active
    assert bool(sheet.sheet_view.rightToLeft) is right_to_left
    assert sheet["A1"].font.bold
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:B2"
    assert sheet.column_dimensions["B"].width > 29


def test_xlsx_moments_are_dates_in_tehran_and_numbers_are_numbers():
    long_ago = dt.datetime(1850, 1, 1, tzinfo=dt.UTC)
    sheet = read_xlsx(write(XlsxWriter, [[SEEN, 12], [long_ago, 10**17]]))
    assert sheet[1] == [dt.datetime.fromisoformat("2025-11-22T14:30:05"), 12]
    assert sheet[2] == ["1850-01-01 03:25:44", str(10**17)]


def test_xlsx_goes_on_in_a_further_sheet(monkeypatch):
    monkeypatch.setattr(XlsxWriter, "maximum_rows", 10)
    data = write(XlsxWriter, [[f"row {number}", "x"] for number in range(25)])
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["People", "People 2", "People 3"]
    assert [sheet.max_row for sheet in book.worksheets] == [11, 11, 6]
    assert [row[0] for row in read_xlsx(data)[1:]] == [f"row {number}" for number in range(25)]


@pytest.mark.parametrize("text", ["a" * 40_000, "😀" * 20_000, "_x0041_" * 6_000, "=" * 33_000])
def test_too_long_text_is_cut_with_a_mark(text):
    with translation.override("en"):
        cell = read_xlsx(write(XlsxWriter, [[text, "x"]]))[1][0]
    assert cell.endswith(" … [cut]")
    assert text.startswith(cell.removesuffix(" … [cut]"))
    assert len(cell) > 10_000


@given(st.text(alphabet=st.sampled_from("a😀_x0041_\n"), max_size=60), st.integers(500, 700))
@settings(max_examples=30, deadline=None)
def test_no_cell_text_is_longer_than_excel_allows(piece, times):
    assert units(cell_text(piece * times)) <= MAXIMUM_UNITS


def test_text_as_long_as_excel_allows_is_not_cut():
    text = "ب" * MAXIMUM_UNITS
    assert cell_text(text) == text


@pytest.mark.parametrize("writer", [CsvWriter, XlsxWriter])
def test_a_file_without_rows_holds_the_headings(writer):
    data = write(writer, [])
    rows = read_csv(data) if writer is CsvWriter else read_xlsx(data)
    assert rows == [["First", "Second"]]


def test_an_aborted_workbook_leaves_no_drafts(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(ZeroDivisionError):
        write(XlsxWriter, ([1 // zero, "x"] for zero in (1, 0)))
    assert list(tmp_path.iterdir()) == []


def test_a_finished_workbook_leaves_no_drafts(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    write(XlsxWriter, [["a", "b"]])
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_format_is_refused_by_name():
    with pytest.raises(ExportRefusedError, match="csv"):
        writer_named("pdf")
