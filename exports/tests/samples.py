"""People for the tests, and files read back by other libraries than those that wrote them."""

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator
from typing import Any

import openpyxl
import python_calamine

from accounts.models import Candidate
from accounts.testing import make_candidate
from bots.models import Bot, BotUser
from exports.writers.csv import WATERMARK_SIGN

SEEN = dt.datetime(2025, 11, 22, 11, 0, 5, tzinfo=dt.UTC)  # 1404/09/01 14:30:05 in Tehran
HOSTILE = [
    '=HYPERLINK("http://evil.example","click")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "  =1+1",
    "\t=1",
    "\r=1",
    "\n=1",
    "＝1+1",
    "x;=1+1",
    'say "hello", then; go\r\nnew line\nand another\rone',
    "\x01\x02\x0b\x1f control \x7f",
    "\ufffe\uffff non-characters",
    "_x0041_ _x003D_1 _x005F_",
    "_x005F_x0041_",
    "<r>&<broken</r>",
    "<r><rPr><b/></rPr><t>bold</t></r>",
    "\u202e reversed \u2066isolate\u2069 \u200f\u200e",
    "نیم‌فاصله ۱۲۳ كي",
    "👩🏽‍🚀 😀",
    "<b>&amp;</b> ' \" `",
    " leading and trailing ",
    "http://example.org/ 00123 1e5",
    "#N/A",
    "\\N",
    "\\.",
    "back\\slash \\t \\x41 \\101 \\\\",
    "tab\tin the middle",
    "",
    " ",
    "]]>",
    ",",
    '"',
    "'",
    "-",
    "\v\f\b\x1c",
    "a\u00a0=1",
    "x؛=1",
]


def make_bot(slug: str = "tehran-1", *, candidate: Candidate | None = None, city: str = "tehran") -> Bot:
    """A bot called `slug`, with a candidate of its own unless one is given."""
    candidate = candidate or make_candidate(f"c-{slug}", name=f"Candidate of {slug}", city=city)
    return Bot.objects.create(candidate=candidate, slug=slug, name=f"Bot {slug}")


def make_person(bot: Bot, number: int, **fields: Any) -> BotUser:
    """A person of `bot`, seen at SEEN unless told otherwise."""
    values = {"first_name": f"Name {number}", "first_seen_at": SEEN, "last_seen_at": SEEN, **fields}
    return BotUser.objects.create(bot=bot, platform_user_id=number, **values)


def read_csv(data: bytes) -> list[list[str]]:
    """The rows of a CSV file, the headings first; without the watermark at its end."""
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    has_watermark = len(rows) > 1 and len(rows[-1]) == 1 < len(rows[0]) and rows[-1][0].startswith(WATERMARK_SIGN)
    return rows[:-1] if has_watermark else rows


def read_xlsx(data: bytes) -> list[list[Any]]:
    """The rows of all sheets, the headings of the first one first; empty cells are None."""
    book = openpyxl.load_workbook(io.BytesIO(data))
    rows: list[list[Any]] = []
    for sheet in book.worksheets:
        found = [[_value(cell) for cell in row] for row in sheet.iter_rows()]
        rows += found[1:] if rows else found
    return rows


def read_with_calamine(data: bytes) -> list[list[Any]]:
    """The rows of the first sheet, as another library reads them."""
    return python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()


def _value(cell: Any) -> Any:
    # openpyxl leaves Excel's own escapes (`_x005F_`) in text that stands within the sheet.
    if isinstance(cell.value, str):
        return re.sub("_x([0-9A-Fa-f]{4})_", lambda match: chr(int(match[1], 16)), cell.value)
    return cell.value


def nothing_read(*_arguments: Any) -> Iterator[Any]:
    """In the place of `read_blocks`: no block, whatever there is."""
    yield from ()
