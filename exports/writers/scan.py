"""Finds, in a block of a megabyte and at the speed of memory, whether text in it needs a closer look.

Every byte is turned into its class by `bytes.translate`; what makes a cell suspicious is then a pair of classes. It may
say yes to innocent text, never no to other: UTF-8's bytes are judged without the character they belong to.
"""

from collections.abc import Iterable

# What may stand before a sign that a spreadsheet takes for a formula (see defuse.py), by the last byte of each: the
# ends of a cell, quotes, `;`, `؛`, and all that Python's `\s` takes for white space.
_FILLERS = '\t\n\v\f\r\x1c\x1d\x1e\x1f ",;؛\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000' + "".join(
    map(chr, range(0x2000, 0x200B))
)
# The signs, by the first byte of each; the full-width ones begin with EF.
_SIGNS = "=+-@＝＋－＠"
# What the text of an Excel file can't hold as it stands, and COPY's mark of an escape.
_CONTROLS = [*range(0x09), *range(0x0B, 0x20), ord("\\")]
_FILLER, _SIGN, _CONTROL, _OTHER = b"FSC."
_PAIR = bytes((_FILLER, _SIGN))
_SIGN_BYTES = {sign.encode()[0] for sign in _SIGNS}


def _classes(controls: Iterable[int]) -> bytes:
    table = bytearray(_OTHER for _byte in range(256))
    for filler in _FILLERS:
        table[filler.encode()[-1]] = _FILLER
    for sign in _SIGN_BYTES:
        table[sign] = _SIGN
    for control in controls:
        table[control] = _CONTROL
    return bytes(table)


_WITHOUT_CONTROLS = _classes([])
_WITH_CONTROLS = _classes(_CONTROLS)


def may_hold_formula(rows: bytes) -> bool:
    """Whether a cell of these rows may begin with what a spreadsheet takes for a formula."""
    return _PAIR in rows.translate(_WITHOUT_CONTROLS) or _begins_with_sign(rows)


def may_need_care(rows: bytes) -> bool:
    """The same, or whether something in them can't stand in an Excel file as it is; for the dialect TEXT.

    The three signs of XML aren't meant; nor is length.
    """
    classes = rows.translate(_WITH_CONTROLS)
    return (
        _PAIR in classes
        or _CONTROL in classes
        or _begins_with_sign(rows)
        or b"_x" in rows  # Excel's own escapes
        or b"\xef\xbf" in rows  # U+FFFE and U+FFFF among others
    )


def _begins_with_sign(rows: bytes) -> bool:
    return bool(rows) and rows[0] in _SIGN_BYTES
