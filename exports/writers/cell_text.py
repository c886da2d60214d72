"""Text as a cell of an Excel file takes it."""

import re

from django.utils.translation import gettext

# "Total number of characters that a cell can contain", Excel specifications and limits (Microsoft); counted in
# UTF-16 units, so that an emoji is two.
MAXIMUM_UNITS = 32_767
# Everything but the characters that XML 1.0 allows (section 2.2, production 2); CR is handled apart.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LINE_BREAK = re.compile("\r\n?")
# ISO/IEC 29500-1, 22.4.2.4 (ST_Xstring): `_x0041_` in a cell reads as "A"; `_x005F_` is the underscore itself.
_ESCAPE_LIKE = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def cell_text(text: str) -> str:
    """`text` without what XML forbids, with Excel's line breaks (LF), and cut with a mark where it is too long."""
    text = _FORBIDDEN.sub("", text)
    if "\r" in text:
        text = _LINE_BREAK.sub("\n", text)
    if len(text) * 2 <= MAXIMUM_UNITS or units(text) <= MAXIMUM_UNITS:
        return text
    mark = gettext(" … [cut]")
    room = MAXIMUM_UNITS - units(mark)
    return text.encode("utf-16-le")[: room * 2].decode("utf-16-le", "ignore") + mark


def units(text: str) -> int:
    """How many UTF-16 units a text has."""
    return len(text) + sum(character > "\uffff" for character in text)


def escape_escapes(text: str) -> str:
    """`text` in which nothing is taken for one of Excel's own escapes."""
    return _ESCAPE_LIKE.sub("_x005F_", text)
