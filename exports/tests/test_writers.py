import datetime as dt
import io
import re
import zipfile

import openpyxl
import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.errors import ExportRefusedError
from exports.tests.samples import HOSTILE, SEEN, read_csv, read_with_calamine, read_xlsx
from exports.tests.table import write_rows, write_texts
from exports.writers import XlsxWriter, writer_named
from exports.writers.cell_text import MAXIMUM_UNITS, cell_text, units
from exports.writers.defuse import defuse

pytestmark = pytest.mark.django_db
MARKUP = st.lists(
    st.sampled_from(
        ["<r>", "</r>", "<t>", "_x", "005F", "0041", "_", "&", "=", "\r", " ", "\\N", "\\", "\\.", "\t", '"', ",", "\n"]
    )
).map("".join)
# What PostgreSQL's text holds: no NUL, no lone surrogate.
STORED_TEXT = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"])) | MARKUP
COLUMNS = ["text", "secret", "finished"]


def as_excel_keeps_it(text: str) -> str:
    forbidden = {*range(0x20), 0xFFFE, 0xFFFF} - {0x09, 0x0A, 0x0D}
    kept = "".join(character for character in text if ord(character) not in forbidden)
    return kept.replace("\r\n", "\n").replace("\r", "\n")


def as_column(column: str, text: str) -> str:
    return text[::-1] if column == "finished" else text


def test_csv_begins_with_a_byte_order_mark_and_ends_rows_by_crlf():
    assert write_rows([{"reason": "a", "rows_written": 1}], "csv", "text", "number") == (
        b"\xef\xbb\xbfText,Number\r\na,1\r\n"
    )


def test_csv_quotes_as_rfc_4180_wants_it():
    data = write_texts(['say "a", b', "two\r\nlines", "three\nlines\n"], "csv")
    assert data.endswith(b'"say ""a"", b",end\r\n"two\r\nlines",end\r\n"three\nlines\n",end\r\n')


def test_csv_writes_moments_in_tehran_with_their_offset():
    assert read_csv(write_rows([{"due_at": SEEN}, {}], "csv", "moment", "end"))[1:] == [
        ["2025-11-22T14:30:05+03:30", "end"],
        ["", "end"],
    ]


@pytest.mark.parametrize("column", COLUMNS)
def test_hostile_text_comes_back_from_csv(column):
    rows = read_csv(write_texts(HOSTILE, "csv", column=column))[1:]
    assert rows == [[defuse(as_column(column, text)), "end"] for text in HOSTILE]


@pytest.mark.parametrize("column", COLUMNS)
def test_hostile_text_comes_back_from_xlsx(column):
    rows = read_xlsx(write_texts(HOSTILE, "xlsx", column=column))[1:]
    assert rows == [[as_excel_keeps_it(as_column(column, text)) or None, "end"] for text in HOSTILE]


@pytest.mark.parametrize("column", COLUMNS)
@given(st.lists(STORED_TEXT, max_size=8))
@settings(max_examples=60, deadline=None)
def test_any_text_comes_back_from_csv(column, texts):
    rows = read_csv(write_texts(texts, "csv", column=column))[1:]
    assert rows == [[defuse(as_column(column, text)), "end"] for text in texts]


@pytest.mark.parametrize("column", COLUMNS)
@given(st.lists(STORED_TEXT, max_size=8))
@settings(max_examples=40, deadline=None)
def test_any_text_comes_back_from_xlsx(column, texts):
    rows = read_xlsx(write_texts(texts, "xlsx", column=column))[1:]
    assert rows == [[as_excel_keeps_it(as_column(column, text)) or None, "end"] for text in texts]


def test_another_library_reads_the_same():
    texts = [text for text in HOSTILE if "_x" not in text]  # Excel's escapes are beyond it
    rows = read_with_calamine(write_texts(texts, "xlsx"))
    assert rows[1:] == [[as_excel_keeps_it(text), "end"] for text in texts]


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_hostile_rows_among_thousands_of_plain_ones_change_nothing_else(format):
    texts = [HOSTILE[number % len(HOSTILE)] if number % 97 == 0 else f"ردیف {number}" for number in range(3_000)]
    data = write_texts(texts, format)
    rows = read_csv(data) if format == "csv" else read_xlsx(data)
    expected = [defuse(text) if format == "csv" else as_excel_keeps_it(text) or None for text in texts]
    assert [row[0] for row in rows[1:]] == expected


def test_each_kind_comes_out_in_its_own_way():
    row = {
        "reason": "متن", "rows_written": 12, "rows_expected": 9_007_199_254_740_993, "holds_personal_data": True,
        "due_at": SEEN, "dataset": "a", "file_key": "+989127005026", "filters": {"شهر": "تهران"},
    }  # fmt: skip
    common = ["متن", 12, "9007199254740993", "yes", "1404/09/01 14:30"]
    rest = ["آ, یا «ب»", "+989127005026", '{"شهر": "تهران"}', "نتم", "end"]
    assert read_xlsx(write_rows([row], "xlsx"))[1] == [*common, dt.datetime.fromisoformat("2025-11-22T14:30:05"), *rest]
    rest[1] = "'+989127005026"
    texts = [*map(str, common), "2025-11-22T14:30:05+03:30", *rest]
    assert read_csv(write_rows([row], "csv"))[1] == texts


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_what_is_missing_is_an_empty_cell(format):
    data = write_rows([{"dataset": "unknown code"}], format)
    rows = read_csv(data) if format == "csv" else read_xlsx(data)
    empty = "" if format == "csv" else None
    zero = "0" if format == "csv" else 0
    assert rows[1] == [
        empty, zero, empty, "no", empty, empty, "unknown code", empty, "{}", empty, "end",
    ]  # fmt: skip


def test_formulas_are_strings_in_xlsx():
    data = write_texts(["=1+1", "plain"], "xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    assert (sheet["A2"].data_type, sheet["A2"].quotePrefix, sheet["A2"].number_format) == ("s", True, "@")
    assert (sheet["A3"].quotePrefix, sheet["A3"].number_format) == (False, "@")
    xml = zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in xml
    assert "hyperlink" not in xml


@pytest.mark.parametrize("language", ["fa", "en"])
def test_xlsx_headings_are_bold_frozen_and_filtered(language):
    data = write_rows([{"reason": "a"}], "xlsx", "text", "end", language=language)
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    assert bool(sheet.sheet_view.rightToLeft) is (language == "fa")
    assert sheet["A1"].font.bold
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == "A1:B2"


def test_xlsx_columns_are_as_wide_as_their_text_within_limits():
    data = write_rows([{"reason": "ط" * 40}, {"reason": "س" * 500, "due_at": SEEN}], "xlsx", "text", "moment", "end")
    widths = openpyxl.load_workbook(io.BytesIO(data)).active.column_dimensions
    assert [round(widths[letter].width) for letter in "ABC"] == [61, 21, 9]


def test_xlsx_moments_are_dates_in_tehran_and_numbers_are_numbers():
    long_ago = dt.datetime(1850, 1, 1, tzinfo=dt.UTC)
    rows = [{"due_at": SEEN, "rows_written": 12}, {"due_at": long_ago, "rows_written": 10**17}]
    sheet = read_xlsx(write_rows(rows, "xlsx", "number", "moment"))
    assert sheet[1] == [12, dt.datetime.fromisoformat("2025-11-22T14:30:05")]
    assert sheet[2] == [str(10**17), "1850-01-01 03:25:44"]


def test_xlsx_dates_are_exact_to_the_second():
    moments = [SEEN + dt.timedelta(seconds=number * 86_399, microseconds=999_999) for number in range(300)]
    found = read_xlsx(write_rows([{"due_at": moment} for moment in moments], "xlsx", "moment"))
    tehran = dt.timezone(dt.timedelta(hours=3, minutes=30))
    assert [row[0] for row in found[1:]] == [
        moment.astimezone(tehran).replace(microsecond=0, tzinfo=None) for moment in moments
    ]


def test_xlsx_goes_on_in_a_further_sheet(monkeypatch):
    monkeypatch.setattr(XlsxWriter, "maximum_rows", 10)
    data = write_texts([f"row {number}" for number in range(25)], "xlsx")
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["Table", "Table 2", "Table 3"]
    assert [sheet.max_row for sheet in book.worksheets] == [11, 11, 6]
    assert [sheet.auto_filter.ref for sheet in book.worksheets] == ["A1:B11", "A1:B11", "A1:B6"]
    assert [row[0] for row in read_xlsx(data)[1:]] == [f"row {number}" for number in range(25)]


def test_exactly_a_sheet_of_rows_needs_no_second(monkeypatch):
    monkeypatch.setattr(XlsxWriter, "maximum_rows", 10)
    data = write_texts(["x"] * 10, "xlsx")
    assert openpyxl.load_workbook(io.BytesIO(data)).sheetnames == ["Table"]


def test_a_sheet_ends_before_it_grows_too_large_for_excel(monkeypatch):
    monkeypatch.setattr(XlsxWriter, "maximum_sheet_bytes", 1_000)
    monkeypatch.setattr("exports.engine.reading.BLOCK_BYTES", 500)
    texts = [f"{number:0200}" for number in range(20)]
    data = write_texts(texts, "xlsx")
    assert len(openpyxl.load_workbook(io.BytesIO(data)).sheetnames) > 5
    assert [row[0] for row in read_xlsx(data)[1:]] == texts


@pytest.mark.parametrize("text", ["a" * 40_000, "😀" * 20_000, "_x0041_" * 6_000, "=" * 33_000])
def test_too_long_text_is_cut_with_a_mark(text):
    with translation.override("en"):
        cell = read_xlsx(write_texts([text], "xlsx"))[1][0]
    assert cell.endswith(" … [cut]")
    assert text.startswith(cell.removesuffix(" … [cut]"))
    assert len(cell) > 10_000


@given(st.text(alphabet=st.sampled_from("a😀_x0041_\n"), max_size=60), st.integers(500, 700))
@settings(max_examples=30, deadline=None)
def test_no_cell_text_is_longer_than_excel_allows(piece, times):
    assert units(cell_text(piece * times)) <= MAXIMUM_UNITS


def test_text_as_long_as_excel_allows_is_not_cut():
    text = "ب" * MAXIMUM_UNITS
    assert read_xlsx(write_texts([text], "xlsx"))[1][0] == text


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_a_file_without_rows_holds_the_headings(format):
    data = write_texts([], format)
    rows = read_csv(data) if format == "csv" else read_xlsx(data)
    assert rows == [["Text", "End"]]


def test_the_watermark_is_a_sheet_and_a_property_of_a_workbook():
    mark = "علی & <b> 1404/09/01"
    data = write_rows([{"reason": "a"}], "xlsx", "text", "end", watermark=mark)
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.properties.description == mark
    assert book.sheetnames == ["Table", "About this file"]
    assert book.worksheets[1]["A1"].value == mark
    assert book.worksheets[0].max_row == 2


def test_the_watermark_is_the_last_record_of_a_csv():
    data = write_rows([{"reason": "a"}], "csv", "text", "end", watermark="by علی, today")
    assert data.decode().splitlines()[1:] == ["a,end", '"# by علی, today"']


def test_a_workbook_is_well_formed_and_its_files_come_in_the_order_programs_expect():
    archive = zipfile.ZipFile(io.BytesIO(write_texts(HOSTILE, "xlsx")))
    assert archive.testzip() is None
    assert archive.namelist()[0] == "_rels/.rels"
    for name in archive.namelist():
        content = archive.read(name)
        openpyxl.xml.functions.fromstring(content)
        assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", content)


def test_an_unknown_format_is_refused_by_name():
    with pytest.raises(ExportRefusedError, match="csv"):
        writer_named("pdf")
