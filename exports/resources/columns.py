"""What the resources of our exports have in common: columns that say what they read and what kind of cell it makes."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.expressions import Combinable
from import_export.fields import Field
from import_export.resources import ModelResource


class Kind(StrEnum):
    """What a column's cells are; how a format writes them is its own business."""

    TEXT = "text"
    ID = "id"  # a number that is a name: written as text, as Excel would show long ones as 1.2E+11
    NUMBER = "number"
    FLAG = "flag"  # yes or no in words
    MOMENT = "moment"  # an aware moment or a date; a real date in Excel, else ISO 8601 in Tehran's time
    JALALI = "jalali"  # a moment as `1404/09/01 14:30` in Tehran's time, a date as `1404/09/01`
    CHOICE = "choice"  # a code, written as its word
    SECRET = "secret"  # an EncryptedTextField, decrypted on the way  # noqa: S105
    JSON = "json"  # as text


class Column(Field):  # type: ignore[misc]
    """A column that is only ever exported.

    `heading` is lazily translated. `reads` is a look-up path or an expression. `words` gives, in the language of now,
    the word of each code of a CHOICE; a code without a word stays as it is. `finish` gives, once for each export, a
    function from a cell's text to what is written, for what only Python knows: it costs a microsecond a cell.
    """

    def __init__(
        self,
        heading: Any,
        *,
        reads: str | Combinable,
        kind: Kind = Kind.TEXT,
        width: int = 14,
        words: Callable[[], Mapping[str, Any]] | None = None,
        is_personal: bool = False,
        finish: Callable[[], Callable[[str], str]] | None = None,
    ) -> None:
        super().__init__(column_name=heading, attribute=reads if isinstance(reads, str) else None, readonly=True)
        self.reads = reads
        self.kind = kind
        self.width = width
        self.words = words
        self.is_personal = is_personal
        self.finish = finish

    @property
    def heading(self) -> str:
        """The column's name in the language of now."""
        return str(self.column_name)


class ExportResource(ModelResource):  # type: ignore[misc]
    """Says what an export's columns are; how rows are read and written is the engine's business."""

    def columns(self, chosen: Sequence[str] = ()) -> list[tuple[str, Column]]:
        """The columns in the resource's order; those chosen, or all.

        Raises KeyError for a name that is no column.
        """
        unknown = set(chosen) - set(self.get_export_order())
        if unknown:
            raise KeyError(*sorted(unknown))
        names = [name for name in self.get_export_order() if not chosen or name in chosen]
        return [(name, self.fields[name]) for name in names]

    def select(self, queryset: QuerySet[Any], chosen: Sequence[str] = ()) -> QuerySet[Any]:
        """`queryset` as rows of the raw values that the columns read, in their order."""
        reads = [column.reads for _name, column in self.columns(chosen)]
        named = {
            f"column_{position}": F(path) if isinstance(path, str) else path for position, path in enumerate(reads)
        }
        selected: QuerySet[Any] = queryset.select_related(None).annotate(**named).values_list(*named)
        return selected
