"""The small files of a workbook, and what stands around a sheet's rows.

ECMA-376-1: 18.2 (workbook), 18.3 (worksheet), 18.8 (styles); ECMA-376-2: relationships, content types, properties.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from django.utils import timezone

from exports.writers.cell_text import cell_text

XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
PACKAGE_PROPERTIES = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
CONTENT_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
OFFICE_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
PACKAGE_TYPE = "application/vnd.openxmlformats-package"
LETTERS = 26


@dataclass
class SheetPart:
    """A sheet's file: its number and name in the workbook, its size in columns and, in the end, rows."""

    number: int
    name: str
    columns: int
    rows: int = 1
    has_filter: bool = True

    @property
    def path(self) -> str:
        return f"xl/worksheets/sheet{self.number}.xml"

    @property
    def range(self) -> str:
        return f"$A$1:${column_letters(self.columns)}${self.rows}"


def column_letters(number: int) -> str:
    """The name of the n-th column, as Excel counts: Z is followed by AA."""
    letters = ""
    while number:
        number, letter = divmod(number - 1, LETTERS)
        letters = chr(ord("A") + letter) + letters
    return letters


def sheet_head(widths: Sequence[int], *, right_to_left: bool, is_table: bool) -> bytes:
    """What stands before the rows; a table's headings stay in sight."""
    direction = ' rightToLeft="1"' if right_to_left else ""
    frozen = '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' if is_table else ""
    columns = "".join(
        f'<col min="{place}" max="{place}" width="{width + 0.71}" customWidth="1"/>'
        for place, width in enumerate(widths, start=1)
    )
    return (
        f'{XML}<worksheet xmlns="{MAIN}"><sheetViews><sheetView{direction} workbookViewId="0">{frozen}</sheetView>'
        f'</sheetViews><sheetFormatPr defaultRowHeight="15"/><cols>{columns}</cols><sheetData>'
    ).encode()


def sheet_tail(part: SheetPart) -> bytes:
    """What stands behind the rows."""
    cells = part.range.replace("$", "")
    table_filter = f'<autoFilter ref="{cells}"/>' if part.has_filter else ""
    # Phone numbers and the like are text on purpose; without this Excel marks each with a green corner.
    errors = f'<ignoredErrors><ignoredError sqref="{cells}" numberStoredAsText="1"/></ignoredErrors>'
    return f"</sheetData>{table_filter}{errors}</worksheet>".encode()


def workbook(parts: Sequence[SheetPart]) -> str:
    """The list of sheets. Excel wants the range of each filter named there, too."""
    sheets = "".join(
        f'<sheet name="{escape(part.name)}" sheetId="{part.number}" r:id="rId{part.number}"/>' for part in parts
    )
    filters = "".join(
        f'<definedName name="_xlnm._FilterDatabase" localSheetId="{part.number - 1}" hidden="1">'
        f"'{escape(part.name)}'!{part.range}</definedName>"
        for part in parts
        if part.has_filter
    )
    return (
        f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><bookViews><workbookView/></bookViews>'
        f"<sheets>{sheets}</sheets><definedNames>{filters}</definedNames></workbook>"
    )


def workbook_relations(parts: Sequence[SheetPart]) -> str:
    sheets = "".join(
        f'<Relationship Id="rId{part.number}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{part.number}.xml"/>'
        for part in parts
    )
    return (
        f'{XML}<Relationships xmlns="{PACKAGE_RELATIONS}">{sheets}'
        f'<Relationship Id="rIdStyles" Type="{RELATIONS}/styles" Target="styles.xml"/></Relationships>'
    )


def package_relations() -> str:
    return (
        f'{XML}<Relationships xmlns="{PACKAGE_RELATIONS}">'
        f'<Relationship Id="rId1" Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/>'
        f'<Relationship Id="rId2" Type="{PACKAGE_RELATIONS}/metadata/core-properties" Target="docProps/core.xml"/>'
        "</Relationships>"
    )


def content_types(parts: Sequence[SheetPart]) -> str:
    sheets = "".join(f'<Override PartName="/{part.path}" ContentType="{OFFICE_TYPE}.worksheet+xml"/>' for part in parts)
    return (
        f'{XML}<Types xmlns="{CONTENT_TYPES}">'
        f'<Default Extension="rels" ContentType="{PACKAGE_TYPE}.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{OFFICE_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{OFFICE_TYPE}.styles+xml"/>'
        f'<Override PartName="/docProps/core.xml" ContentType="{PACKAGE_TYPE}.core-properties+xml"/>'
        f"{sheets}</Types>"
    )


def core_properties(watermark: str) -> str:
    """The properties of the document: when it was made, and the watermark as its description."""
    made = f"{timezone.now():%Y-%m-%dT%H:%M:%SZ}"
    moments = "".join(
        f'<dcterms:{name} xsi:type="dcterms:W3CDTF">{made}</dcterms:{name}>' for name in ("created", "modified")
    )
    description = f"<dc:description>{escape(cell_text(watermark))}</dc:description>" if watermark else ""
    return (
        f'{XML}<cp:coreProperties xmlns:cp="{PACKAGE_PROPERTIES}" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:creator>Electionsite</dc:creator>{description}{moments}</cp:coreProperties>"
    )


def _look(number: int, *, font: int = 0, border: int = 0, rest: str = "/>") -> str:
    return (
        f'<xf numFmtId="{number}" fontId="{font}" fillId="0" borderId="{border}" xfId="0" applyNumberFormat="1"{rest}'
    )


def styles() -> str:
    """The looks of cells, by their places: see the styles in xlsx_cells."""
    text, whole, moment, day = 49, 1, 164, 165
    alignment = '<alignment vertical="top" wrapText="1"/>'
    of_headings = f' applyFont="1" applyBorder="1" applyAlignment="1">{alignment}</xf>'
    formats = [
        _look(0),
        _look(text),
        _look(text, rest=' quotePrefix="1"/>'),
        _look(whole),
        _look(moment),
        _look(day),
        _look(text, font=1, border=1, rest=of_headings),
    ]
    font = '<sz val="11"/><name val="Calibri"/><family val="2"/>'
    return (
        f'{XML}<styleSheet xmlns="{MAIN}">'
        f'<numFmts count="2"><numFmt numFmtId="{moment}" formatCode="yyyy\\-mm\\-dd\\ hh:mm:ss"/>'
        f'<numFmt numFmtId="{day}" formatCode="yyyy\\-mm\\-dd"/></numFmts>'
        f'<fonts count="2"><font>{font}</font><font><b/>{font}</font></fonts>'
        '<fills count="2"><fill><patternFill patternType="none"/></fill>'
        '<fill><patternFill patternType="gray125"/></fill></fills>'
        '<borders count="2"><border><left/><right/><top/><bottom/><diagonal/></border>'
        '<border><left/><right/><top/><bottom style="thin"><color auto="1"/></bottom><diagonal/></border></borders>'
        '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
        f'<cellXfs count="{len(formats)}">{"".join(formats)}</cellXfs>'
        '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
    )
