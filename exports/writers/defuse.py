"""Text that no spreadsheet takes for a formula when it opens a CSV file.

Follows OWASP's "CSV Injection" (https://owasp.org/www-community/attacks/CSV_Injection): a cell must not begin with
`=` `+` `-` `@` (or their full-width forms), tab, carriage return or line feed. Such cells get an apostrophe before
them; so do those that hide the sign behind spaces, which some programs trim, or quotes.

A cell isn't always where its writer thinks: a spreadsheet set to a Persian or European locale parts a CSV at `;` (or
`؛`), and then ends a row at a line break that stood inside quotes. Signs that would begin such a cell are defused,
too, by an apostrophe right before them; a smiley `;-)` becomes `;'-)`, which is the price.
"""

import re

_SIGN = "=+\\-@＝＋－＠"
_SIGNS = frozenset("=+-@＝＋－＠")
_SEPARATOR = ";؛\\t\\r\\n"
_FILLER = f'[\\s"{_SEPARATOR}]'
_HAS_SIGN = re.compile(f"[{_SIGN}]")
_HAS_SEPARATOR = re.compile(f"[{_SEPARATOR}]")
# Runs are taken whole (`++`) and only from their beginning, so that a text of nothing but line breaks costs no more
# than its length.
_BEFORE_SIGN = re.compile(f"(?:^{_FILLER}*+|(?<!{_FILLER}){_FILLER}++)(?=[{_SIGN}])")
_FIRST_CHARACTERS = ("\t", "\r", "\n")


def defuse(text: str) -> str:
    """`text` as it may stand in a CSV cell; most text comes back as it is."""
    if text[1:].isalnum():  # words, numbers and phones need no closer look
        if text[0] in _SIGNS:
            return f"'{text}"
        if text[0].isalnum():
            return text
    if _HAS_SIGN.search(text):
        text = _BEFORE_SIGN.sub(_with_apostrophe, text)
    return f"'{text}" if text.startswith(_FIRST_CHARACTERS) else text


def _with_apostrophe(match: re.Match[str]) -> str:
    filler = match[0]
    if _HAS_SEPARATOR.search(filler):
        return f"{filler}'"
    return f"'{filler}" if match.start() == 0 else filler
