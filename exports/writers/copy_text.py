"""Cells of PostgreSQL's `COPY … (FORMAT text)`.

The escapes are those of https://www.postgresql.org/docs/current/sql-copy.html, "Text Format". COPY writes only the
named ones; every other character stands as itself.
"""

import re

_ESCAPES = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v", b"\\": b"\\"}
_ESCAPE = re.compile(rb"\\([bfnrtv\\])")


def read_cell(cell: bytes) -> str:
    """The text that a cell stands for."""
    if b"\\" in cell:
        cell = _ESCAPE.sub(lambda match: _ESCAPES[match[1]], cell)
    return cell.decode()
