"""Formats that hold one table, made to hold several: a ZIP with a file for each sheet."""

import re
from collections.abc import Sequence
from contextlib import ExitStack
from typing import BinaryIO, ClassVar, cast

from exports.writers.base import Block, SheetColumn, TableWriter
from exports.writers.csv import CsvWriter
from exports.writers.jsonl import JsonLinesWriter
from exports.writers.parquet import ParquetWriter
from exports.writers.zip_stream import ZipStream

LONGEST_NAME = 80  # characters, of four bytes at most; file systems take 255 bytes
_UNFIT = re.compile(r"[^\w .()-]+")


class ZippedWriter(TableWriter):
    """A file of `inner` for each sheet, named by its number and title."""

    content_type = "application/zip"
    inner: ClassVar[type[TableWriter]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.dialect, cls.moments = cls.inner.dialect, cls.inner.moments
        cls.extension = f"{cls.inner.extension}.zip"

    def open(self) -> None:
        self._archive = ZipStream(self.file)
        self._sheet: TableWriter | None = None
        self._entry = ExitStack()
        self._count = 0

    def begin_sheet(self, title: str, columns: Sequence[SheetColumn]) -> None:
        self._count += 1
        fit = _UNFIT.sub("_", title)[:LONGEST_NAME].strip()
        name = f"{self._count:02}-{fit}.{self.inner.extension}"
        is_packed = self.inner is ParquetWriter
        file = self._entry.enter_context(self._archive.entry(name, is_large=True, is_packed=is_packed))
        self._sheet = self.inner(cast(BinaryIO, file), right_to_left=self.right_to_left, watermark=self.watermark)
        self._sheet.open()
        self._sheet.begin_sheet(title, columns)

    def write_block(self, block: Block) -> None:
        cast(TableWriter, self._sheet).write_block(block)

    def end_sheet(self) -> None:
        sheet = cast(TableWriter, self._sheet)
        sheet.end_sheet()
        sheet.close()
        self._sheet = None
        self._entry.close()

    def close(self) -> None:
        self._archive.close()

    def abort(self) -> None:
        if self._sheet:
            self._sheet.abort()


class ZippedCsvWriter(ZippedWriter):
    inner = CsvWriter


class ZippedJsonLinesWriter(ZippedWriter):
    inner = JsonLinesWriter


class ZippedParquetWriter(ZippedWriter):
    inner = ParquetWriter
