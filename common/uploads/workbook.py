"""What a file must be to pass as an Excel workbook: data, and nothing that acts or reaches out."""

import re
from collections.abc import Callable, Iterable
from typing import IO
from xml.parsers import expat

from django.utils.translation import gettext_lazy as _

from common.uploads.archive import Entry, read_entries, unpack, unsound
from common.uploads.refusal import UploadRefused

CONTENT_TYPES_PART = "[Content_Types].xml"
WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
# These say what the other parts are, so they are read whole; in real workbooks they have some kilobytes.
LARGEST_INDEX_BYTES = 1024 * 1024
XML_NAME = re.compile(r"\.(xml|rels|vml)\Z", re.IGNORECASE)
LOOKS_LIKE_XML = re.compile(rb"[\xef\xbb\xbf\xfe\xff\x00\s]*<")  # in UTF-8 or UTF-16
FOREIGN_BEGINNINGS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"MZ", b"\x7fELF", b"Rar!", b"7z\xbc\xaf")

# Parts are known by the types that [Content_Types].xml and the relations give them; their names are anybody's choice.
MACROS = re.compile(r"macro|vba|dialogsheet|customui|/ui/extensibility", re.IGNORECASE)
FOREIGN_OBJECTS = re.compile(r"oleobject|activex|/package\Z|/control\Z|webextension", re.IGNORECASE)
OUTSIDE_DATA = re.compile(r"externallink|[/.]connections|querytable|attachedtemplate", re.IGNORECASE)
HYPERLINK = re.compile(r"/hyperlink\Z")
PLAIN_LINK = re.compile(r"(https?|mailto|tel):", re.IGNORECASE)

Attributes = dict[str, str]


def judge_workbook(file: IO[bytes]) -> None:
    """Read `file` through as an .xlsx workbook; raises UploadRefused for what must not be in one."""
    entries = read_entries(file)
    names = {entry.name for entry in entries}
    if CONTENT_TYPES_PART not in names:
        raise UploadRefused("not-a-workbook", _("This is a ZIP archive, not an Excel workbook."))
    for entry in entries:
        if entry.name == CONTENT_TYPES_PART:
            _judge_content_types(_elements(file, entry), names)
        elif entry.name.lower().endswith(".rels"):
            _judge_relations(_elements(file, entry))
        else:
            _judge_part(file, entry)


def _judge_content_types(elements: Iterable[tuple[str, Attributes]], names: set[str]) -> None:
    has_workbook = False
    for _name, attributes in elements:
        content_type = attributes.get("ContentType", "")
        _judge_type(content_type)
        has_workbook |= content_type == WORKBOOK_TYPE and attributes.get("PartName", "").lstrip("/") in names
    if not has_workbook:
        raise UploadRefused("not-a-workbook", _("This is no Excel workbook. Save it as “Excel Workbook (.xlsx)”."))


def _judge_relations(elements: Iterable[tuple[str, Attributes]]) -> None:
    for _name, attributes in elements:
        kind = attributes.get("Type", "")
        _judge_type(kind)
        is_link = HYPERLINK.search(kind) and PLAIN_LINK.match(attributes.get("Target", ""))
        if attributes.get("TargetMode", "").lower() == "external" and not is_link:
            raise _outside_data()


def _judge_type(text: str) -> None:
    if MACROS.search(text):
        raise UploadRefused(
            "macros", _("This Excel file holds macros. Save it as “Excel Workbook (.xlsx)” without them.")
        )
    if FOREIGN_OBJECTS.search(text):
        words = _("This Excel file holds embedded objects or controls. Save its data as CSV.")
        raise UploadRefused("foreign-objects", words)
    if OUTSIDE_DATA.search(text):
        raise _outside_data()


def _outside_data() -> UploadRefused:
    words = _("This Excel file takes data from other files or servers. Save its data as CSV.")
    return UploadRefused("outside-data", words)


def _judge_part(file: IO[bytes], entry: Entry) -> None:
    chunks = unpack(file, entry)
    first = next(chunks, b"")
    if first.startswith(FOREIGN_BEGINNINGS):
        words = _("This Excel file holds other files. Save its data as CSV.")
        raise UploadRefused("foreign-files", words)
    if XML_NAME.search(entry.name) or LOOKS_LIKE_XML.match(first):
        _judge_beginning(first)
    for _chunk in chunks:
        pass  # unpacked for its true size only


class _Started(Exception):
    """The first element was reached."""


def _judge_beginning(first: bytes) -> None:
    """A document type can only stand before the first element, which has to come within the first 64 KiB.

    The rest isn't parsed: expat before 2.6 takes quadratic time for a long token (CVE-2023-52425).
    """

    def stop(_name: str, _attributes: Attributes) -> None:
        raise _Started

    try:
        _parse([first], stop, is_whole=False)
    except _Started:
        return
    raise unsound()


def _elements(file: IO[bytes], entry: Entry) -> list[tuple[str, Attributes]]:
    if entry.unpacked_bytes > LARGEST_INDEX_BYTES:
        raise unsound()
    found: list[tuple[str, Attributes]] = []
    _parse(unpack(file, entry), lambda name, attributes: found.append((name, attributes)), is_whole=True)
    return found


def _parse(chunks: Iterable[bytes], on_element: Callable[[str, Attributes], None], *, is_whole: bool) -> None:
    def refuse(*_declaration: object) -> None:
        raise UploadRefused("document-type", _("This Excel file was not made by Excel: it declares a document type."))

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = on_element
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        if is_whole:
            parser.Parse(b"", True)
    except (expat.ExpatError, ValueError) as error:
        raise unsound() from error
