"""What the resources of our imports have in common: columns with two languages, judging row by row, our services."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from import_export.fields import Field
from import_export.resources import ModelResource
from tablib import Dataset

from accounts.models import User
from common.crypto import content_hash
from common.errors import DomainError
from exports.imports.cells import TextCell
from plans.candidate_list import folded

HIDDEN = "•••"  # in place of a former phone or address


class Outcome(StrEnum):
    """What would become of a row."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    WRONG = "wrong"


OUTCOME_WORDS = {
    Outcome.NEW: gettext_lazy("new"),
    Outcome.CHANGED: gettext_lazy("changed"),
    Outcome.UNCHANGED: gettext_lazy("unchanged"),
    Outcome.WRONG: gettext_lazy("wrong"),
}


class ImportColumn(Field):  # type: ignore[misc]
    """A column that a file may have, which gives the attribute `name`.

    Its headings are what it is `called`, as a rule the same, `heading` in both languages, and `others`.

    `is_key` says which object a row is about. `permission` guards the column. A column that isn't in the file stays
    as it is; an empty cell empties.
    """

    def __init__(
        self,
        heading: Any,
        *,
        name: str,
        called: str = "",
        cell: TextCell | None = None,
        is_key: bool = False,
        is_required: bool = False,
        permission: str = "",
        others: Sequence[str] = (),
        help_text: Any = "",
    ) -> None:
        super().__init__(attribute=name, column_name=called or name, widget=cell or TextCell())
        self.heading = heading
        self.is_key = is_key
        self.is_required = is_required or is_key
        self.permission = permission
        self.others = tuple(others)
        self.help_text = help_text

    def headings(self) -> set[str]:
        """What the column may be called in a file, folded."""
        found = {self.column_name, *self.others}
        for language in ("fa", "en"):
            with override(language):
                found.add(str(self.heading))
        return {folded(text) for text in found}


@dataclass(frozen=True)
class Change:
    """A cell that differs, in the reader's words."""

    heading: str
    before: str
    after: str


@dataclass(frozen=True)
class JudgedRow:
    """What a row of the file would do. `before` and `after` hold what differs, as JSON keeps it.

    `problems` are pairs of a column's heading, which may be empty, and words. `digest` is the same for the same act.
    """

    line: int
    label: str
    outcome: Outcome
    changes: tuple[Change, ...] = ()
    problems: tuple[tuple[str, str], ...] = ()
    pk: int | None = None
    before: Any = None
    after: Any = None

    @property
    def words(self) -> str:
        """The outcome in the reader's words."""
        return str(OUTCOME_WORDS[self.outcome])

    @property
    def digest(self) -> str:
        is_new = self.outcome == Outcome.NEW
        return content_hash([self.line, self.outcome, None if is_new else self.pk, self.before, self.after])


class ImportResource(ModelResource):  # type: ignore[misc]
    """Says which columns a file may have; what is stored goes through our services in the name of `actor`.

    Subclasses declare columns, and say how objects are found (`load`, `key_of`), refused, created and changed.
    """

    stores = False
    kept_as_made: ClassVar[frozenset[str]] = frozenset()  # attributes that count for new objects only

    def __init__(self, actor: User | None) -> None:
        super().__init__()
        self.actor = actor
        self.judged: list[JudgedRow] = []
        self._lines: Sequence[int] = ()
        self._seen: dict[Any, int] = {}
        self._given: frozenset[str] = frozenset()
        self._former: dict[str, Any] = {}
        self._object: Any = None
        self._is_new = False
        self.known: dict[Any, Any] = {}

    def run(self, table: Dataset, lines: Sequence[int], *, dry_run: bool) -> list[JudgedRow]:
        """Judge the rows of a table, which stand in these lines of its file; unless `dry_run`, store them.

        Raises DomainError `row-refused` when a service refuses one: the caller's transaction must be rolled back.
        """
        self.judged, self._lines, self._seen, self.stores = [], lines, {}, not dry_run
        self._given = frozenset(table.headers or ())
        self.known = self.load(table)
        # Its own dry run would store each row and roll it back; `do_instance_save` doesn't store any.
        self.import_data(table, dry_run=False, raise_errors=False, use_transactions=False)
        return self.judged

    def columns(self) -> list[ImportColumn]:
        """The columns in their order."""
        return [self.fields[name] for name in self.get_import_order()]

    def load(self, table: Dataset) -> dict[Any, Any]:
        """The objects that the table's rows may be about, by `key_of`; locked where `stores` says so."""
        raise NotImplementedError

    def key_of(self, row: Any) -> Any:
        """What tells which object a row is about."""
        raise NotImplementedError

    def refuse(self, instance: Any, is_new: bool) -> None:
        """Raise DomainError or ValidationError for what a service would refuse."""

    def create(self, instance: Any) -> Any:
        """Have a service make what `instance` describes; returns it."""
        raise NotImplementedError

    def change(self, instance: Any, changed: dict[str, Any]) -> None:
        """Have a service change these attributes of an object."""
        raise NotImplementedError

    # What django-import-export calls

    def get_instance(self, instance_loader: Any, row: Any) -> Any:
        return self.known.get(self.key_of(row))

    def after_init_instance(self, instance: Any, new: bool, row: Any, **options: Any) -> None:
        self._object, self._is_new = instance, new
        self._former = {} if new else self._values(instance)
        key = self.key_of(row)
        line = self._lines[options["row_number"] - 1]
        first = self._seen.setdefault(key, line)
        if first != line:
            attribute = next(column.attribute for column in self.columns() if column.is_key)
            words = _("Line %(number)d is about the same.") % {"number": first}
            raise ValidationError({attribute: words})

    def import_field(self, field: Any, instance: Any, row: Any, is_m2m: bool = False, **options: Any) -> None:
        # What an object was found by stays as it is, however the file spells it.
        if self._is_new or not field.is_key:
            super().import_field(field, instance, row, is_m2m, **options)

    def skip_row(self, instance: Any, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
        return not import_validation_errors and not self._is_new and not self.differing(instance)

    def validate_instance(
        self, instance: Any, import_validation_errors: Any = None, validate_unique: bool = True
    ) -> None:
        """The model's own words for its fields, then what a service would refuse, without a query for each row."""
        errors = dict(import_validation_errors or {})
        for column in self.columns():
            empty = getattr(instance, column.attribute, None) in (None, "", [])
            if column.is_required and empty and column.attribute not in errors:
                errors[column.attribute] = ValidationError(_("This must be filled in."))
        looked_at = {column.attribute for column in self.columns()} - errors.keys()
        others = [field.name for field in instance._meta.fields if field.name not in looked_at or field.is_relation]
        try:
            instance.clean_fields(exclude=others)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        if errors:
            raise ValidationError(errors)
        try:
            self.refuse(instance, self._is_new)
        except DomainError as error:
            raise ValidationError(error.extra.get("fields") or str(error)) from error

    def do_instance_save(self, instance: Any, is_create: bool) -> None:
        if self.stores and is_create:
            instance.pk = self.create(instance).pk
        elif self.stores:
            self.change(instance, {name: getattr(instance, name) for name in self.differing(instance)})

    def import_row(self, row: Any, instance_loader: Any, **options: Any) -> Any:
        result = super().import_row(row, instance_loader, **options)
        line = self._lines[options["row_number"] - 1]
        for found in result.errors:
            if isinstance(found.error, DomainError):
                words = _("Line %(number)d: %(words)s") % {"number": line, "words": found.error}
                raise DomainError("row-refused", words) from found.error
            raise found.error
        self.judged.append(self._judged(line, row, result))
        return result

    def after_import(self, dataset: Any, result: Any, **options: Any) -> None:
        """Nothing: the numbers of new objects came from the database's sequence."""

    def _judged(self, line: int, row: Any, result: Any) -> JudgedRow:
        if result.validation_error:
            return JudgedRow(line, self._label(row), Outcome.WRONG, problems=self._problems(result.validation_error))
        differing = self.differing(self._object)
        if not self._is_new and not differing:
            return JudgedRow(line, self._label(row), Outcome.UNCHANGED, pk=self._object.pk)
        now = self._values(self._object)
        return JudgedRow(
            line,
            self._label(row),
            Outcome.NEW if self._is_new else Outcome.CHANGED,
            changes=tuple(self._changes(differing)),
            pk=self._object.pk,
            before={name: self._former[name] for name in differing if name in self._former},
            after={name: now[name] for name in differing},
        )

    def _changes(self, differing: list[str]) -> list[Change]:
        found = []
        for column in self.columns():
            value = getattr(self._object, column.attribute, None)
            if column.attribute in differing and (value not in (None, "", []) or not self._is_new):
                former = self._former_shown(column)
                found.append(Change(str(column.heading), former, column.widget.shown(value)))
        return found

    def _former_shown(self, column: ImportColumn) -> str:
        former = self._former.get(column.attribute)
        return HIDDEN if column.permission and former else str(column.widget.shown(former))

    def _values(self, instance: Any) -> dict[str, Any]:
        return {
            column.attribute: column.widget.plain(getattr(instance, column.attribute, None))
            for column in self.columns()
            if self._is_new or column.column_name in self._given
        }

    def differing(self, instance: Any) -> list[str]:
        """The attributes that the row gives another value than the object had; of a new one, all."""
        now = self._values(instance)
        if self._is_new:
            return list(now)
        return [name for name, value in now.items() if value != self._former[name] and name not in self.kept_as_made]

    def _problems(self, error: ValidationError) -> tuple[tuple[str, str], ...]:
        headings = {column.attribute: str(column.heading) for column in self.columns()}
        if not hasattr(error, "error_dict"):
            return tuple(("", words) for words in error.messages)
        found = error.message_dict.items()
        return tuple((headings.get(name, ""), words) for name, messages in found for words in messages)

    def _label(self, row: Any) -> str:
        keys = [str(row.get(column.column_name, "")) for column in self.columns() if column.is_key]
        return " · ".join(keys)[:200]


def by_folded_code(objects: Any) -> dict[str, Model]:
    """Objects by what their codes have in common with other spellings."""
    return {folded(found.code): found for found in objects}
