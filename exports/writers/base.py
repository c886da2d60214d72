"""What every file format does: open, sheets of blocks of rows, close."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import BinaryIO, ClassVar

from exports.writers.copy_text import read_cell

# Before what a spreadsheet can't hold as a number or a date (16 digits, NaN, the year 1850): the cell is text.
NO_NUMBER = b"\x01"


class Dialect(StrEnum):
    """The form in which PostgreSQL's COPY gives the rows to a writer."""

    CSV = "csv"  # RFC 4180's quotes, rows end with LF
    TEXT = "text"  # cells parted by tabs; tab, line breaks and backslash within them are escaped by a backslash


class Moments(StrEnum):
    """How a writer wants moments and days."""

    ISO = "iso"  # `2025-11-22T14:30:05+03:30`, in Tehran's time
    EXCEL = "excel"  # days since 30 December 1899 in Tehran's time; and numbers may come behind NO_NUMBER


class CellType(StrEnum):
    """What a column's cells are, for formats that tell them apart."""

    TEXT = "text"
    WHOLE = "whole"
    DECIMAL = "decimal"
    MOMENT = "moment"
    DAY = "day"


@dataclass(frozen=True)
class SheetColumn:
    """A column as its writer sees it.

    `finish`, where there is one, makes the text to be written of the bytes that came from PostgreSQL, which are then
    letters, digits, `_`, `-` and `:` alone; in the dialect CSV `mark` stands before them, which nobody could foresee.
    Empty cells stay empty without being asked, and have no mark.
    """

    heading: str
    width: int = 14
    type: CellType = CellType.TEXT
    finish: Callable[[bytes], str] | None = None
    mark: bytes = b""


class Block:
    """Some rows of a sheet as COPY gave them, each with its line break; `longest` is the longest row in bytes."""

    def __init__(self, rows: Sequence[bytes | memoryview], columns: Sequence[SheetColumn], longest: int) -> None:
        self.rows = rows
        self.columns = columns
        self.longest = longest

    @cached_property
    def data(self) -> bytes:
        return b"".join(self.rows)

    def table(self) -> Iterator[list[str]]:
        """The cells of each row as finished text, of a block in the dialect TEXT; NULL is empty text."""
        for row in self.data.split(b"\n")[:-1]:
            yield [
                read_cell(cell) if not column.finish or not cell else column.finish(cell)
                for cell, column in zip(row.split(b"\t"), self.columns, strict=True)
            ]


class TableWriter(ABC):
    """Writes sheets of rows to a binary stream, block by block and in constant memory.

    The stream belongs to the caller; it needs only `write`, so it may end in a pipe, a hash or an encryption. Text is
    untrusted: a format must see to it that no program takes it for a formula. `watermark` says who had the file made
    and when; empty for none.
    """

    extension: ClassVar[str]
    content_type: ClassVar[str]
    dialect: ClassVar[Dialect] = Dialect.TEXT
    moments: ClassVar[Moments] = Moments.ISO

    def __init__(self, file: BinaryIO, *, right_to_left: bool, watermark: str) -> None:
        self.file = file
        self.right_to_left = right_to_left
        self.watermark = watermark

    @abstractmethod
    def open(self) -> None:
        """Begin the file."""

    @abstractmethod
    def begin_sheet(self, title: str, columns: Sequence[SheetColumn]) -> None:
        """Begin a sheet with its headings."""

    @abstractmethod
    def write_block(self, block: Block) -> None:
        """Write some rows of the sheet."""

    @abstractmethod
    def end_sheet(self) -> None:
        """Finish the sheet."""

    @abstractmethod
    def close(self) -> None:
        """Finish the file; without this it is none."""

    def abort(self) -> None:  # noqa: B027  # most have nothing to let go of
        """Let go of everything but the stream, without finishing the file."""
