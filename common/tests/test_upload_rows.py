"""Reading the rows of files that were taken."""

import io
import zipfile
from random import Random

import pytest
from openpyxl import Workbook
from xlsxwriter import Workbook as XlsxWriterWorkbook

from common.uploads import UploadRefused, validate_upload
from common.uploads.rows import read_rows


def workbook(rows, *, replace=None):
    """An .xlsx file with these rows; `replace` is (old, new) in its sheet's XML."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    written = io.BytesIO()
    book.save(written)
    if replace is None:
        return written.getvalue()
    changed = io.BytesIO()
    with zipfile.ZipFile(written) as old, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "xl/worksheets/sheet1.xml":
                assert replace[0] in part
                part = part.replace(*replace)
            new.writestr(name, part)
    return changed.getvalue()


def rows_of(content, at_most=100):
    file = io.BytesIO(content)
    validate_upload(file)
    return read_rows(file, at_most=at_most)


def refusal(content, at_most=100):
    with pytest.raises(UploadRefused) as refused:
        rows_of(content, at_most)
    assert str(refused.value)
    return refused.value.code


@pytest.mark.parametrize(
    "content",
    [
        "نام, کد \r\n\r\nسارا,۱۲\r\n".encode("utf-8-sig"),
        'نام;کد\n\n"سارا";۱۲'.encode(),
        "نام\tکد\n\nسارا\t۱۲\n".encode("utf-16"),
    ],
)
def test_text_files_are_read_in_their_own_encoding_and_with_their_own_delimiter(content):
    assert rows_of(content) == [["نام", "کد"], [], ["سارا", "۱۲"]]


def test_a_workbook_gives_its_first_sheets_cells_as_text():
    rows = rows_of(workbook([["نام", "کد"], [], ["سارا", 12]]))
    assert rows[0][:2] == ["نام", "کد"]
    assert not any(rows[1])
    assert rows[2][:2] == ["سارا", "12"]


def test_texts_that_a_workbook_keeps_apart_from_its_cells_are_read():
    written = io.BytesIO()
    with XlsxWriterWorkbook(written) as book:  # keeps them in a table of shared strings, as Excel does
        sheet = book.add_worksheet()
        sheet.write_column(0, 0, ["کد", "sara-۱۲"])
        sheet.write_formula(2, 0, '="re"&"za"', value="reza")
        book.add_worksheet().write(0, 0, "another sheet")
    assert [row[0] for row in rows_of(written.getvalue())] == ["کد", "sara-۱۲", "reza"]


def test_files_with_more_rows_than_expected_are_refused():
    assert len(rows_of(b"x\n" * 5, at_most=5)) == 5
    assert refusal(b"x\n" * 6, at_most=5) == "too-many-rows"
    assert len(rows_of(workbook([["x"]] * 5), at_most=5)) == 5
    assert refusal(workbook([["x"]] * 6), at_most=5) == "too-many-rows"


def test_a_row_far_down_does_no_harm():
    content = workbook([["x"], ["y"]], replace=(b'<row r="2"', b'<row r="999999999"'))
    assert refusal(content) == "too-many-rows"


def test_what_a_sheet_says_of_its_size_is_not_believed():
    content = workbook([["x"], ["y"]], replace=(b'ref="A1:A2"', b'ref="A1:A1"'))
    assert [row[0] for row in rows_of(content)] == ["x", "y"]


def test_a_workbook_damaged_inside_is_refused_in_words():
    assert refusal(workbook([["x"]], replace=(b"</sheetData>", b"</sheet"))) == "unsound"


def test_a_workbook_that_holds_far_more_than_a_list_is_refused():
    random = Random(1)
    assert refusal(workbook([[random.randbytes(16_000).hex()] for _row in range(200)]), at_most=1000) == "too-much"
