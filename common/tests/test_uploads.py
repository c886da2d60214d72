"""Uploads: real files are taken, whatever their name; anything else is refused, in words that say why."""

import io
import struct
import time
import tracemalloc
import zipfile
import zlib
from contextlib import suppress
from random import Random

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.datastructures import MultiValueDict
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.comments import Comment
from xlsxwriter import Workbook as XlsxWriterWorkbook

from common.uploads import MAXIMUM_BYTES, UploadField, UploadRefused, validate_upload

RELATIONS = "xl/_rels/workbook.xml.rels"
RELATION = '<Relationship Id="x" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{}" {}/>'
XML = '<?xml version="1.0"?>'


def workbook(rows=3):
    """An .xlsx file as openpyxl writes it, with Persian words, a link and a comment."""
    book = Workbook()
    sheet = book.active
    for number in range(rows):
        sheet.append([f"نام {number}", number, "می‌آیم"])
    sheet["A1"].hyperlink = "https://example.ir/"
    sheet["B1"].comment = Comment("نکته", "me")
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def changed(parts=None, *, replace=None, compression=zipfile.ZIP_DEFLATED):
    """The workbook with `parts` added, and text in its parts replaced: {part: (old, new)}."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook())) as old, zipfile.ZipFile(written, "w", compression) as new:
        for name in old.namelist():
            content = old.read(name)
            for text, other in [pair for part, pair in (replace or {}).items() if part == name]:
                assert text.encode() in content
                content = content.replace(text.encode(), other.encode())
            new.writestr(name, content)
        for name, content in (parts or {}).items():
            new.writestr(name, content)
    return written.getvalue()


def with_relation(kind, attributes):
    return changed(replace={RELATIONS: ("</Relationships>", RELATION.format(kind, attributes) + "</Relationships>")})


def with_type(content_type, part="/xl/x.bin"):
    override = f'<Override PartName="{part}" ContentType="{content_type}"/></Types>'
    return changed({part[1:]: b"x"}, replace={"[Content_Types].xml": ("</Types>", override)})


def judge(content, kinds=("csv", "xlsx")):
    return validate_upload(io.BytesIO(content), kinds=kinds)


def refusal(content, kinds=("csv", "xlsx")):
    with pytest.raises(UploadRefused) as caught:
        judge(content, kinds)
    assert str(caught.value)
    return caught.value.code


# What is taken


@pytest.mark.parametrize(
    "content",
    [
        "نام,تلفن\nسارا,۰۹۱۲\n".encode(),
        "نام,تلفن\nسارا,۰۹۱۲\n".encode("utf-8-sig"),
        "نام\tتلفن\r\nسارا\t0912\r\n".encode("utf-16"),
        b'a;b\r\n"x;y";"say ""no"""\r\n',
        b'a,b\n"two\nlines",1\n',
        b"one column\nword",
    ],
)
def test_csv_files_as_people_save_them_are_taken(content):
    assert judge(content) == "csv"


def test_workbooks_of_openpyxl_and_xlsxwriter_are_taken():
    written = io.BytesIO()
    with XlsxWriterWorkbook(written) as book:
        sheet = book.add_worksheet()
        sheet.write_url(0, 0, "mailto:a@b.ir")
        sheet.write_comment(1, 1, "نکته")
        chart = book.add_chart({"type": "line"})
        chart.add_series({"values": "=Sheet1!$A$1:$A$3"})
        book.add_worksheet().insert_chart(0, 0, chart)

    assert judge(workbook()) == judge(written.getvalue()) == "xlsx"


def test_a_workbook_of_many_equal_rows_is_no_bomb():
    assert judge(workbook(rows=20_000)) == "xlsx"


def test_a_file_is_read_from_its_beginning_and_left_there():
    file = io.BytesIO(b"a,b\n")
    file.seek(3)

    validate_upload(file)

    assert file.tell() == 0
    assert not file.closed


def test_the_name_does_not_matter_and_the_content_does():
    class Form(forms.Form):
        file = UploadField()

    def clean(name, content):
        form = Form(files=MultiValueDict({"file": [SimpleUploadedFile(name, content, "application/x-anything")]}))
        return form.errors or form.cleaned_data["file"].content_type

    assert clean("people.xlsx", b"a,b\n") == "text/csv"
    assert clean("people.csv", workbook()).endswith("spreadsheetml.sheet")
    assert "file" in clean("people.csv", b"MZ\x90\x00")
    assert 'accept=".csv,.xlsx"' in str(Form()["file"])


# What is refused of any kind


def test_an_empty_file_is_refused():
    assert refusal(b"") == "empty"


def test_ten_megabytes_are_taken_and_a_byte_more_is_not():
    row = b"x" * 1023 + b"\n"
    assert judge(row * (MAXIMUM_BYTES // 1024)) == "csv"
    assert refusal(row * (MAXIMUM_BYTES // 1024) + b"x") == "too-large"


def test_a_kind_that_is_not_expected_is_refused():
    assert refusal(workbook(), kinds={"csv"}) == "wrong-kind"
    assert refusal(b"a,b\n", kinds={"xlsx"}) == "wrong-kind"


# What is refused as CSV


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"a,b\n\x00,c\n", "binary"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not-utf-8"),
        (b"%PDF-1.7\nwords", "not-csv"),
        (b"<html><script>alert(1)</script></html>", "not-csv"),
        (b"\xef\xbb\xbf  <?xml version='1.0'?>", "not-csv"),
        ("نام".encode("cp1256"), "not-utf-8"),
        (b"\xff\xfea", "not-utf-8"),
        ("a\x00b".encode("utf-16"), "binary"),
        (b'a,b\n"never closed,1\n', "not-csv"),
        (b'a,b\n"x"y,1\n', "not-csv"),
        (b"x" * 300_000, "line-too-long"),
        (b'"' + b"x\n" * 100_000 + b'"', "not-csv"),
    ],
)
def test_what_only_looks_like_csv_is_refused(content, code):
    assert refusal(content) == code


@given(st.binary(max_size=300))
def test_any_bytes_are_taken_or_refused_and_never_raise_anything_else(content):
    for beginning in (b"", b"PK\x03\x04", b"\xff\xfe"):
        with suppress(UploadRefused):
            assert judge(beginning + content) in {"csv", "xlsx"}


# What is refused in a workbook


@pytest.mark.parametrize(
    "content_type",
    [
        "application/vnd.ms-office.vbaProject",
        "application/vnd.ms-excel.sheet.macroEnabled.main+xml",
        "application/vnd.ms-excel.macrosheet+xml",
        "application/vnd.ms-excel.intlmacrosheet+xml",
    ],
)
def test_macros_are_refused_under_any_name(content_type):
    assert refusal(with_type(content_type, "/xl/picture.png")) == "macros"


def test_a_macro_enabled_workbook_named_xlsx_is_refused():
    plain = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    enabled = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"

    assert refusal(changed(replace={"[Content_Types].xml": (plain, enabled)})) == "macros"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("oleObject", "foreign-objects"),
        ("control", "foreign-objects"),
        ("package", "foreign-objects"),
        ("externalLink", "outside-data"),
        ("connections", "outside-data"),
        ("queryTable", "outside-data"),
        ("vbaProject", "macros"),
        ("xlMacrosheet", "macros"),
    ],
)
def test_relations_to_what_acts_or_reaches_out_are_refused(kind, code):
    assert refusal(with_relation(kind, 'Target="x.bin"')) == code


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("image", "https://tracker.example/pixel.png"),
        ("externalLinkPath", "file:///etc/passwd"),
        ("hyperlink", "file://server/share"),
        ("hyperlink", "\\\\server\\share"),
        ("hyperlink", "javascript:alert(1)"),
    ],
)
def test_outside_targets_other_than_links_people_click_are_refused(kind, target):
    assert refusal(with_relation(kind, f'Target="{target}" TargetMode="External"')) == "outside-data"


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04" + bytes(40), b"\xd0\xcf\x11\xe0" + bytes(40), b"MZ\x90\x00", b"\x7fELF\x02"]
)
def test_files_within_the_file_are_refused(content):
    assert refusal(changed({"xl/media/image1.png": content})) == "foreign-files"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", ["xl/worksheets/sheet9.xml", "xl/data.bin"])
def test_document_types_and_entities_are_refused_in_every_part(name, encoding):
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'

    assert refusal(changed({name: bomb.encode(encoding)})) == "document-type"


def test_a_document_type_in_the_index_parts_is_refused():
    bomb = '<!DOCTYPE Types SYSTEM "https://evil.example/x.dtd"><Types'

    assert refusal(changed(replace={"[Content_Types].xml": ("<Types", bomb)})) == "document-type"


def test_a_document_type_behind_a_long_comment_does_not_hide():
    late = f"{XML}<!--{'x' * 100_000}--><!DOCTYPE x [<!ENTITY a 'b'>]><x/>"

    assert refusal(changed({"xl/worksheets/sheet9.xml": late})) == "unsound"


@pytest.mark.parametrize("name", ["../../etc/cron.d/x", "/etc/passwd", "xl\\..\\x", "C:x", "xl/./x", "xl/\x01"])
def test_paths_out_of_the_archive_are_refused(name):
    assert refusal(changed({name: b"x"})) == "unsound"


def test_two_parts_of_one_name_are_refused():
    assert refusal(changed({"XL/Workbook.XML": b"<x/>"})) == "unsound"


def test_an_archive_that_is_no_workbook_is_refused():
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("words.txt", "x")
    assert refusal(written.getvalue()) == "not-a-workbook"

    word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    assert refusal(changed(replace={"[Content_Types].xml": (sheet, word)})) == "not-a-workbook"


def test_an_old_or_locked_workbook_is_refused_with_what_to_do():
    assert refusal(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100)) == "old-or-locked-workbook"


def test_an_encrypted_part_is_refused():
    content = bytearray(workbook())
    directory = content.index(b"PK\x01\x02")
    content[directory + 8] |= 1
    assert refusal(bytes(content)) == "locked"


# Bombs


def test_a_part_that_swells_more_than_a_hundredfold_is_refused():
    assert refusal(changed({"xl/worksheets/sheet9.xml": b"<x>" + b" " * 50_000_000})) == "unpacks-to-too-much"


def test_many_parts_that_swell_together_are_refused():
    part = b"<x>" + (Random(1).randbytes(10_000) + b" " * 700_000) * 14  # ten megabytes, sixty times its size

    assert refusal(changed({f"xl/worksheets/s{number}.xml": part for number in range(25)})) == "unpacks-to-too-much"


def lying_about_size(content, name, claimed):
    """The archive with the unpacked size (and checksum) of one entry claimed smaller in its directory."""
    packed = bytearray(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        short = archive.read(name)[:claimed]
    entry = packed.rindex(name.encode()) - 46
    assert packed[entry : entry + 4] == b"PK\x01\x02"
    struct.pack_into("<I", packed, entry + 16, zlib.crc32(short))
    struct.pack_into("<I", packed, entry + 24, claimed)
    return bytes(packed)


def test_a_part_that_unpacks_to_more_than_it_claims_is_refused():
    bomb = changed({"xl/worksheets/sheet9.xml": b"<x>" + b" " * 50_000_000})

    assert refusal(lying_about_size(bomb, "xl/worksheets/sheet9.xml", 1000)) == "lying-size"


def test_a_part_that_unpacks_to_less_than_it_claims_is_refused():
    assert refusal(lying_about_size(changed({"xl/x.xml": b"<x/>"}), "xl/x.xml", 5)) == "unsound"


def test_an_archive_of_thousands_of_parts_is_refused_before_they_are_read():
    assert refusal(changed({f"xl/{number}.xml": b"<x/>" for number in range(1500)})) == "too-many-parts"


def test_entries_that_share_their_bytes_are_refused():
    content = bytearray(changed({"xl/a.xml": b"<x/>" * 100, "xl/b.xml": b"<x/>" * 100}))
    first, second = content.rindex(b"xl/a.xml") - 46, content.rindex(b"xl/b.xml") - 46
    content[second + 42 : second + 46] = content[first + 42 : first + 46]  # b begins where a does

    assert refusal(bytes(content)) == "unsound"


def test_an_archive_behind_another_file_is_refused():
    assert refusal(b"PK\x03\x04" + b"another file" * 10 + workbook()) == "unsound"


@pytest.mark.parametrize("cut", [30, 200, 2000])
def test_a_cut_off_workbook_is_refused(cut):
    assert refusal(workbook()[:-cut]) == "unsound"


def test_the_largest_bomb_takes_a_few_megabytes_of_memory_and_seconds_only():
    part = b"<x>" + (Random(1).randbytes(40_000) + b" " * 1_900_000) * 6
    content = changed({f"xl/worksheets/s{number}.xml": part for number in range(17)})
    assert len(content) < MAXIMUM_BYTES
    started = time.process_time()
    tracemalloc.start()
    try:
        assert judge(content) == "xlsx"
        _now, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak_bytes < 4 * 1024 * 1024
    assert time.process_time() - started < 10


@pytest.mark.django_db
def test_a_form_far_too_large_is_refused_before_it_is_read(client):
    file = SimpleUploadedFile("people.csv", b"x" * (2 * MAXIMUM_BYTES + 1))

    assert client.post("/admin/login/", {"username": "x", "file": file}).status_code == 400
