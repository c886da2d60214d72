"""What a dataset is: sheets of rows, their columns, and who may have them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, ClassVar

from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import limit_to_scopes
from exports.datasets.filter_form import FilterForm
from exports.datasets.wish import Wish
from exports.engine import SheetSource, Written, write_export
from exports.errors import ExportRefusedError
from exports.resources.columns import Column, ExportResource

TABLE_FORMATS = ("xlsx", "csv", "jsonl", "parquet")
ZIP = "zip"
Progress = Callable[[int], None]


@dataclass(frozen=True)
class Sheet:
    """A table of a dataset: its columns, its rows, and the look-up path from a row to its candidate.

    The path is empty where the row is the candidate, and None where rows belong to no candidate. `guarded` names the
    columns that need a permission of their own.
    """

    code: str
    title: Any
    resource: type[ExportResource]
    rows: Callable[[], QuerySet[Any]]
    candidate: str | None
    guarded: Mapping[str, str] = field(default_factory=dict)


class Dataset:
    """Something that can be exported. Where there are several sheets, columns are called `sheet.column`."""

    code: ClassVar[str]
    title: ClassVar[Any]
    description: ClassVar[Any] = ""
    permission: ClassVar[str]
    formats: ClassVar[tuple[str, ...]] = TABLE_FORMATS
    filter_form: ClassVar[type[FilterForm]] = FilterForm
    sheets_made: ClassVar[tuple[Sheet, ...]] = ()
    needs_candidate: ClassVar[bool] = False
    takes_candidate: ClassVar[bool] = True
    keeps_to_scopes: ClassVar[bool] = True  # where not, limited staff must name a candidate
    is_listed: ClassVar[bool] = True
    is_for_each: ClassVar[bool] = True  # whether several candidates may each have a file of it
    action: ClassVar[str] = ""  # in the audit log, where a list is exported at once

    @property
    def guarded(self) -> dict[str, str]:
        """The permission that a column needs beside the dataset's own, by the column's name."""
        by_name = {name: sheet.guarded.get(column_of(name)) for sheet, name, _column in self._columns()}
        return {name: permission for name, permission in by_name.items() if permission}

    def may_export(self, actor: User | None) -> bool:
        """Whether somebody may export this at all; the system may everything."""
        return actor is None or actor.has_perm(self.permission)

    def columns(self, actor: User | None = None) -> list[tuple[str, str, bool]]:
        """Name, heading in the language of now, and whether it is personal data, of each column `actor` may choose."""
        hidden = {name for name, permission in self.guarded.items() if actor and not actor.has_perm(permission)}
        return [
            (name, self._heading(sheet, column), column.is_personal)
            for sheet, name, column in self._columns()
            if name not in hidden
        ]

    def holds_personal_data(self, wish: Wish) -> bool:
        """Whether a column of the wish is personal data."""
        chosen = self.chosen(wish)
        return any(column.is_personal for _sheet, name, column in self._columns() if name in chosen)

    def refuse_columns(self, wish: Wish) -> None:
        """Raise ExportRefusedError `unknown-column`, or `not-allowed` for one that the actor may not see."""
        known = {name for name, _heading, _is_personal in self.columns()}
        allowed = {name for name, _heading, _is_personal in self.columns(wish.actor)}
        for name in wish.columns:
            if name not in known:
                raise ExportRefusedError("unknown-column", _("There is no column “%(name)s”.") % {"name": name})
            if name not in allowed:
                words = _("You may not export the column “%(name)s”.")
                raise ExportRefusedError("not-allowed", words % {"name": name})

    def chosen(self, wish: Wish) -> set[str]:
        """The names of the wish's columns; where it names none, all that its actor may see."""
        return set(wish.columns) or {name for name, _heading, _is_personal in self.columns(wish.actor)}

    def sheets(self, wish: Wish) -> list[SheetSource]:
        """The wish's rows and columns, of its candidate and within its actor's scope, titled in the language of now.

        Raises ExportRefusedError `invalid-filters`. A sheet without a chosen column is left out.
        """
        form = self.read_filters(wish.filters, wish.actor)
        chosen = self.chosen(wish)
        columns: dict[str, list[str]] = {}
        for sheet, name, _column in self._columns():
            if name in chosen:
                columns.setdefault(sheet.code, []).append(column_of(name))
        return [
            _source(sheet, form.narrowed(self._rows(sheet, wish), sheet.code), columns[sheet.code])
            for sheet in self.sheets_made
            if sheet.code in columns
        ]

    def sheet_of(self, queryset: QuerySet[Any], columns: Sequence[str] = ()) -> SheetSource:
        """Rows that the caller has chosen and limited, as this dataset's only sheet; no columns means all."""
        (sheet,) = self.sheets_made
        return _source(sheet, queryset, columns)

    def limited(self, queryset: QuerySet[Any], actor: User | None, sheet: Sheet | None = None) -> QuerySet[Any]:
        """Those of `queryset` that `actor` may see."""
        path = (sheet or self.sheets_made[0]).candidate
        if actor is None or path is None:
            return queryset
        return limit_to_scopes(queryset, actor, candidate=path)

    def count(self, wish: Wish) -> int:
        """How many rows the file will have, without headings."""
        return sum(sheet.queryset.order_by().count() for sheet in self.sheets(wish))

    def extension(self, wish: Wish) -> str:
        """The ending of the file's name: formats that hold one table come as a ZIP where there are several."""
        return ZIP if wish.format != "xlsx" and len(self.sheets(wish)) > 1 else wish.format

    def write(self, wish: Wish, *, file: BinaryIO, watermark: str, on_progress: Progress | None = None) -> Written:
        """Write the wish to `file`, which only has to `write`, within `one_snapshot()`."""
        with translation.override(wish.language):
            sheets = self.sheets(wish)
            zipped = wish.format != "xlsx" and len(sheets) > 1
            return write_export(
                sheets=sheets,
                format=f"{wish.format}.{ZIP}" if zipped else wish.format,
                file=file,
                language=wish.language,
                watermark=watermark,
                on_progress=on_progress,
            )

    def filters_in_words(self, filters: Mapping[str, str]) -> list[tuple[str, str]]:
        """Label and value of each filter; what can't be understood any more, as it is."""
        try:
            return self.read_filters(filters, None).in_words()
        except ExportRefusedError:
            return list(filters.items())

    def read_filters(self, filters: Mapping[str, str], actor: User | None) -> FilterForm:
        """The filters of a run, understood. Raises ExportRefusedError `invalid-filters`."""
        form = self.filter_form(filters, actor=actor)
        if not set(filters) <= set(form.fields) or not form.is_valid():
            words = _("These filters can't be understood, so nothing was exported.")
            raise ExportRefusedError("invalid-filters", words)
        return form

    def _rows(self, sheet: Sheet, wish: Wish) -> QuerySet[Any]:
        rows = self.limited(sheet.rows(), wish.actor, sheet)
        if wish.candidate and sheet.candidate is not None:
            rows = rows.filter(**{sheet.candidate or "pk": wish.candidate.pk})
        return rows

    def _columns(self) -> list[tuple[Sheet, str, Column]]:
        alone = len(self.sheets_made) == 1
        return [
            (sheet, name if alone else f"{sheet.code}.{name}", column)
            for sheet in self.sheets_made
            for name, column in sheet.resource().columns()
        ]

    def _heading(self, sheet: Sheet, column: Column) -> str:
        return column.heading if len(self.sheets_made) == 1 else f"{sheet.title}: {column.heading}"


def column_of(name: str) -> str:
    """A column's name within its sheet."""
    return name.rpartition(".")[2]


def _source(sheet: Sheet, rows: QuerySet[Any], columns: Sequence[str]) -> SheetSource:
    return SheetSource(title=str(sheet.title), resource=sheet.resource(), queryset=rows, columns=tuple(columns))
