"""The program's log: one entry a line, its time in UTC."""

import datetime as dt
import logging
from types import TracebackType

from common.logged_paths import logged_path

_ESCAPES = {number: f"\\x{number:02x}" for number in (*range(0x20), 0x7F, *range(0x80, 0xA0))}
_ESCAPES |= {0x2028: "\\u2028", 0x2029: "\\u2029"}
_INDENT = "    "

ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class LineFormatter(logging.Formatter):
    """Text from outside can't begin a line: control characters are escaped, tracebacks are indented.

    Tokens of download links are struck out, wherever they came from: Django names the address of each refused request.
    """

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 (logging's name)
        return dt.datetime.fromtimestamp(record.created, tz=dt.UTC).isoformat(timespec="milliseconds")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's name)
        return logged_path(super().formatMessage(record)).translate(_ESCAPES)

    def formatException(self, ei: ExceptionInfo) -> str:  # noqa: N802 (logging's name)
        lines = logged_path(super().formatException(ei)).splitlines()
        return "\n".join(_INDENT + line.translate(_ESCAPES) for line in lines)
