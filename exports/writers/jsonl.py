import re
from collections.abc import Sequence

import msgspec

from exports.writers.base import Block, CellType, SheetColumn, TableWriter

WATERMARK_KEY = "# export"
# RFC 8259, section 6; PostgreSQL's NaN and Infinity are none.
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_NULL = msgspec.Raw(b"null")


class JsonLinesWriter(TableWriter):
    """A JSON object a line (https://jsonlines.org), its keys the headings: numbers are numbers, moments ISO 8601.

    Text is as it is stored, as nothing that reads JSON takes it for a formula. The watermark is a last line with the
    single key `# export`.
    """

    extension = "jsonl"
    content_type = "application/jsonl; charset=utf-8"

    def open(self) -> None:
        self._encoder = msgspec.json.Encoder()

    def begin_sheet(self, title: str, columns: Sequence[SheetColumn]) -> None:
        self._names = [column.heading for column in columns]
        self._types = [column.type for column in columns]

    def write_block(self, block: Block) -> None:
        lines = [dict(zip(self._names, map(_value, row, self._types), strict=True)) for row in block.table()]
        self.file.write(self._encoder.encode_lines(lines))

    def end_sheet(self) -> None:
        """Nothing marks the end of rows."""

    def close(self) -> None:
        if self.watermark:
            self.file.write(self._encoder.encode_lines([{WATERMARK_KEY: self.watermark}]))


def _value(text: str, type: CellType) -> str | msgspec.Raw | None:
    if type is CellType.TEXT:
        return text
    if type in (CellType.WHOLE, CellType.DECIMAL):
        return msgspec.Raw(text.encode()) if _NUMBER.fullmatch(text) else _NULL
    return text or None
