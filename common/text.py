"""Text as PostgreSQL and Excel accept it."""

import re

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_SLUG_PATTERN = re.compile(r"[a-z0-9_-]+")


def clean_text(value: str, maximum_length: int | None = None) -> str:
    """`value` without what PostgreSQL refuses: NUL goes, a lone surrogate becomes U+FFFD.

    Cut to `maximum_length` characters where one is given.
    """
    if "\x00" in value:
        value = value.replace("\x00", "")
    if _LONE_SURROGATE.search(value):
        value = _LONE_SURROGATE.sub("\ufffd", value)
    return value if maximum_length is None else value[:maximum_length]


def clean_code(value: str, maximum_length: int) -> str:
    """`value` where it is a short code of lower-case letters, digits, `-` and `_`; else empty."""
    value = value.strip().lower()
    return value if len(value) <= maximum_length and _SLUG_PATTERN.fullmatch(value) else ""
