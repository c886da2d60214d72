"""One COPY for a sheet: Django's own SQL for the rows, and around it each column's text as its format wants it."""

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import QuerySet
from django.utils.translation import gettext

from common.crypto import decryptor
from common.fields import EncryptedTextField
from exports.engine import moments
from exports.resources.columns import Column, ExportResource, Kind
from exports.writers.base import CellType, Dialect, Moments, SheetColumn, TableWriter

OPTIONS = {Dialect.CSV: "FORMAT csv, ENCODING 'UTF8'", Dialect.TEXT: "FORMAT text, NULL '', ENCODING 'UTF8'"}
# Excel's numbers have 15 significant digits.
LARGEST_NUMBER = 10**15 - 1
Sql = tuple[str, list[Any]]


@dataclass(frozen=True)
class Prepared:
    """What reads a sheet's rows; no statement where Django knows that there are none."""

    columns: list[SheetColumn]
    statement: str
    parameters: list[Any]


def prepare(resource: ExportResource, queryset: QuerySet[Any], chosen: Sequence[str], writer: TableWriter) -> Prepared:
    """The COPY that gives these rows in the writer's dialect and the language of now."""
    selected = resource.select(queryset, chosen)
    first_place: dict[Any, int] = {}  # of what a column reads: columns of one moment share its local seconds
    cells = [
        _Cell(
            place,
            column,
            selected.query.annotations[f"column_{place}"].output_field,
            writer,
            local=f"local_{first_place.setdefault(column.reads if isinstance(column.reads, str) else place, place)}",
        )
        for place, (_name, column) in enumerate(resource.columns(chosen))
    ]
    columns = [cell.sheet_column for cell in cells]
    try:
        rows, row_parameters = selected.query.get_compiler(connection=connection).as_sql()
    except EmptyResultSet:
        return Prepared(columns, "", [])
    texts = [cell.sql() for cell in cells]
    if writer.dialect is Dialect.CSV and len(texts) == 1:
        # COPY quotes empty text, but a row of nothing would be an empty line, which readers skip.
        texts = [(f"coalesce(({sql})::text, '')", values) for sql, values in texts]
    names = ", ".join(cell.name for cell in cells)
    locals_ = {cell.local: moments.local_seconds_sql(cell.name) for cell in cells if cell.local}
    # Nothing is joined to the rows, so they stay in the queryset's order. OFFSET keeps the planner from working out
    # the local seconds anew for each column that is made of them.
    statement = (
        f"COPY ({moments.tables_sql()} SELECT {', '.join(sql for sql, _values in texts)}"  # noqa: S608  # no value
        f" FROM (SELECT raw.*{''.join(f', {sql} AS {name}' for name, sql in locals_.items())}"
        f" FROM ({rows}) AS raw ({names}) OFFSET 0) AS raw) TO STDOUT ({OPTIONS[writer.dialect]})"
    )
    return Prepared(columns, statement, [value for _sql, values in texts for value in values] + list(row_parameters))


class _Cell:
    """How one column of the raw rows becomes text."""

    def __init__(
        self, place: int, column: Column, field: "models.Field[Any, Any]", writer: TableWriter, *, local: str
    ) -> None:
        self.name = f"cell_{place}"
        self._column = column
        self._field = field
        self._for_excel = writer.moments is Moments.EXCEL
        self._mark = uuid.uuid4().hex if writer.dialect is Dialect.CSV else ""
        if isinstance(field, EncryptedTextField) is not (column.kind is Kind.SECRET):
            raise TypeError(f"“{column.heading}” reads a {type(field).__name__}, which is not of kind {column.kind}")
        is_moment = column.kind in {Kind.MOMENT, Kind.JALALI} and not self._is_day
        self.local = local if is_moment else ""

    @property
    def sheet_column(self) -> SheetColumn:
        finish = self._finish()
        mark = self._mark.encode() if finish else b""
        return SheetColumn(self._column.heading, self._column.width, self._type(), finish, mark)

    def sql(self) -> Sql:
        kind = self._column.kind
        if self._column.finish:
            return self._marked(f"encode(convert_to({self.name}::text, 'UTF8'), 'hex')")
        if kind is Kind.SECRET:
            return self._marked(self.name)
        if kind is Kind.FLAG:
            return f"CASE {self.name} WHEN true THEN %s WHEN false THEN %s END", [gettext("yes"), gettext("no")]
        if kind is Kind.CHOICE:
            return self._word()
        if kind in {Kind.JALALI, Kind.MOMENT}:
            return (self._day() if self._is_day else self._moment()), []
        if kind is Kind.NUMBER and self._for_excel and self._may_be_long:
            return _checked_number(self.name), []
        return self.name, []

    def _day(self) -> str:
        if self._column.kind is Kind.JALALI:
            return moments.jalali_day_sql(self.name)
        return moments.excel_day_sql(self.name) if self._for_excel else moments.iso_day_sql(self.name)

    def _moment(self) -> str:
        if self._column.kind is Kind.JALALI:
            return moments.jalali_sql(self.local)
        as_text = moments.excel_sql if self._for_excel else moments.iso_sql
        return as_text(self.name, self.local)

    @property
    def _is_day(self) -> bool:
        return not isinstance(self._field, models.DateTimeField)  # which is a DateField, too

    @property
    def _is_whole(self) -> bool:
        return isinstance(self._field, models.IntegerField)

    @property
    def _may_be_long(self) -> bool:
        return not self._is_whole or isinstance(self._field, models.BigIntegerField)

    def _type(self) -> CellType:
        if self._column.kind is Kind.NUMBER:
            return CellType.WHOLE if self._is_whole else CellType.DECIMAL
        if self._column.kind is Kind.MOMENT:
            return CellType.DAY if self._is_day else CellType.MOMENT
        return CellType.TEXT

    def _finish(self) -> Callable[[bytes], str] | None:
        if self._column.finish:
            finish = self._column.finish()
            return lambda cell: finish(bytes.fromhex(cell.decode()).decode())
        if isinstance(self._field, EncryptedTextField):
            return decryptor(context=self._field.context)
        return None

    def _marked(self, text: str) -> Sql:
        return f"%s || NULLIF({text}, '')", [self._mark]

    def _word(self) -> Sql:
        words = {str(code): str(word) for code, word in (self._column.words or dict)().items()}
        code = f"{self.name}::text"
        return f"coalesce(%s::jsonb ->> {code}, {code})", [json.dumps(words, ensure_ascii=False)]


def _checked_number(raw: str) -> str:
    """A number that Excel can hold as it is; every other (NaN, too) behind NO_NUMBER."""
    return (
        f"CASE WHEN {raw} BETWEEN -{LARGEST_NUMBER} AND {LARGEST_NUMBER} THEN {raw}::text"
        f" ELSE E'\\x01' || {raw}::text END"
    )
