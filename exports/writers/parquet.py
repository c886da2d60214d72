from collections.abc import Sequence
from typing import Any, BinaryIO

import pyarrow as pa
from pyarrow import compute, csv, parquet

from exports.writers.base import Block, CellType, Dialect, SheetColumn, TableWriter

# Rows are kept until a group is full; a group is read as a whole, and small ones pack badly.
GROUP_BYTES = 8 * 1024 * 1024
WATERMARK_KEY = "watermark"
TYPES = {
    CellType.TEXT: pa.string(),
    CellType.WHOLE: pa.int64(),
    CellType.DECIMAL: pa.float64(),
    CellType.MOMENT: pa.timestamp("s", tz="Asia/Tehran"),
    CellType.DAY: pa.date32(),
}
# Arrow's reader of CSV knows no moments with such offsets, and its cast from text does.
READ_AS = {**TYPES, CellType.MOMENT: pa.string(), CellType.DAY: pa.string()}


class ParquetWriter(TableWriter):
    """Apache Parquet with typed columns, packed by Zstandard, written in groups of rows of some megabytes.

    Text is as it is stored. The watermark is in the file's metadata under the key `watermark`.
    """

    extension = "parquet"
    content_type = "application/vnd.apache.parquet"
    dialect = Dialect.CSV

    def open(self) -> None:
        self._sink = _Sink(self.file)
        self._writer: Any = None

    def begin_sheet(self, title: str, columns: Sequence[SheetColumn]) -> None:
        self._columns = columns
        metadata = {WATERMARK_KEY: self.watermark} if self.watermark else None
        fields = [(column.heading, TYPES[column.type]) for column in columns]
        self._schema = pa.schema(fields, metadata=metadata)
        self._writer = parquet.ParquetWriter(pa.PythonFile(self._sink, "w"), self._schema, compression="zstd")
        self._batches: list[Any] = []
        self._size = 0

    def write_block(self, block: Block) -> None:
        self._batches += self._read(block).to_batches()
        self._size += len(block.data)
        if self._size >= GROUP_BYTES:
            self._write_group()

    def end_sheet(self) -> None:
        self._write_group()
        self._writer.close()

    def close(self) -> None:
        """The end of its only sheet is the end of the file."""

    def abort(self) -> None:
        self._sink.is_given_up = True
        if self._writer:
            self._writer.close()

    def _write_group(self) -> None:
        if self._batches:
            self._writer.write_table(pa.Table.from_batches(self._batches), row_group_size=self._rows_waiting)
        self._batches, self._size = [], 0

    @property
    def _rows_waiting(self) -> int:
        return sum(batch.num_rows for batch in self._batches)

    def _read(self, block: Block) -> Any:
        names = [str(position) for position in range(len(self._columns))]
        types = {name: READ_AS[column.type] for name, column in zip(names, self._columns, strict=True)}
        table = csv.read_csv(
            pa.BufferReader(block.data),
            read_options=csv.ReadOptions(column_names=names, block_size=len(block.data) + 1, use_threads=False),
            parse_options=csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            convert_options=csv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=False),
        )
        cells = [_typed(table.column(name), column) for name, column in zip(names, self._columns, strict=True)]
        return pa.Table.from_arrays(cells, schema=self._schema)


def _typed(cells: Any, column: SheetColumn) -> Any:
    if column.finish:
        marked = len(column.mark)
        return pa.array([column.finish(cell[marked:].encode()) if cell else "" for cell in cells.to_pylist()])
    if READ_AS[column.type] is TYPES[column.type]:
        return cells
    told = compute.if_else(compute.equal(cells, ""), pa.scalar(None, pa.string()), cells)
    return told.cast(TYPES[column.type])


class _Sink:
    """What Arrow asks of a file, above a stream that only takes bytes."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = 0
        self.is_given_up = False

    def write(self, data: Any) -> int:
        content = bytes(data)
        if not self.is_given_up:
            self._file.write(content)
        self._size += len(content)
        return len(content)

    def tell(self) -> int:
        return self._size

    def flush(self) -> None:
        """Bytes are passed on at once."""

    def close(self) -> None:
        """The stream belongs to the caller."""
