"""The text that says where the site is and how to get in."""

import io
from textwrap import wrap

import segno

from electionsite.local.demo import FirstSignIn

WIDTH = 72
# Bright white on black whatever the terminal's own colours are: not every phone reads a QR code in negative.
QR_COLOURS, NO_COLOURS = "\x1b[97;40m", "\x1b[0m"


def welcome_text(address: str, sign_in: FirstSignIn, *, columns: int) -> str:
    """The text for a terminal of `columns`; with 0 columns (no terminal) there is no QR code in it."""
    lines = [
        "Electionsite runs on this machine.",
        "سامانه روی همین دستگاه آماده است.",
        "",
        f"Address        {address}",
        f"User           {sign_in.username}",
        f"Password       {sign_in.password}   (new at each start)",
        "",
        "Second factor  Scan the QR code with an authenticator app, or type this",
        f"               into it: {' '.join(wrap(sign_in.device.seed, 4))}",
        "               It stays the same from run to run.",
        f"No phone?      Use this backup code, once: {sign_in.backup_code}",
        "",
        "Ctrl-C stops everything.",
    ]
    rule = "=" * WIDTH
    return "\n".join(["", rule, *(f"  {line}".rstrip() for line in lines), rule, *_qr_lines(sign_in, columns)])


def _qr_lines(sign_in: FirstSignIn, columns: int) -> list[str]:
    code = segno.make(sign_in.device.config_url, error="l", boost_error=False)
    width, _height = code.symbol_size(border=2)
    if columns < width:
        return []
    drawn = io.StringIO()
    code.terminal(out=drawn, border=2, compact=True)
    return ["", *(f"{QR_COLOURS}{line}{NO_COLOURS}" for line in drawn.getvalue().splitlines()), ""]
