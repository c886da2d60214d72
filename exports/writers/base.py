"""What every file format does: open, a row, another row, close."""

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import BinaryIO, ClassVar, Self

Cell = str | int | dt.datetime | None


@dataclass(frozen=True)
class Heading:
    """A column's name as people read it, and its width in characters where the format knows widths."""

    text: str
    width: int = 14


class RowWriter(ABC):
    """Writes rows of cells to a binary stream, one by one and in constant memory.

    Used as a context manager: it opens the file, and closes it, or aborts it when an error passes through. The stream
    itself belongs to the caller; it needs no `seek`, so it may end in a pipe, a hash or an encryption.

    Cells are text, whole numbers, moments (aware ones, shown in Tehran's time) or None for an empty cell. Text is
    untrusted: a format must see to it that no program takes it for a formula.
    """

    extension: ClassVar[str]
    content_type: ClassVar[str]

    def __init__(self, file: BinaryIO, *, title: str, headings: Sequence[Heading], right_to_left: bool) -> None:
        self.file = file
        self.title = title
        self.headings = headings
        self.right_to_left = right_to_left

    @abstractmethod
    def open(self) -> None:
        """Begin the file and write the headings."""

    @abstractmethod
    def write_row(self, cells: Sequence[Cell]) -> None:
        """Write one row, with as many cells as there are headings."""

    @abstractmethod
    def close(self) -> None:
        """Finish the file; without this it is none."""

    @abstractmethod
    def abort(self) -> None:
        """Let go of everything but the stream, without finishing the file."""

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self.abort()
            return
        try:
            self.close()
        except BaseException:
            self.abort()
            raise
