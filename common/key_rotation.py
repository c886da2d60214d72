"""Bringing every encrypted value under the active key, while the system runs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection, models, transaction
from django.db.models.functions import Cast

from common.crypto import VERSION, DecryptionError, decrypt, encrypt, key_ring
from common.fields import EncryptedTextField

NOT_ENCRYPTED = "none"


@dataclass
class Column:
    """A column of encrypted values; `counts` tells how many values there are under which key."""

    column: EncryptedTextField
    counts: dict[str, int] = field(default_factory=dict)
    unreadable: list[Any] = field(default_factory=list)

    @property
    def label(self) -> str:
        return self.column.context

    @property
    def missing(self) -> dict[str, int]:
        """How many values need keys that the ring doesn't hold."""
        return {key_id: count for key_id, count in self.counts.items() if key_id not in key_ring().keys}

    @property
    def outdated(self) -> int:
        """How many values are under a key of the ring that isn't the active one."""
        ring = key_ring()
        return sum(count for key_id, count in self.counts.items() if key_id in ring.keys and key_id != ring.active_id)


def encrypted_columns() -> list[Column]:
    """Every column of encrypted values of the installed apps, counted by key."""
    return [
        Column(column, _counts(column))
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy
        for column in model._meta.local_concrete_fields
        if isinstance(column, EncryptedTextField)
    ]


def rotate(column: Column, *, batch_size: int, on_batch: Callable[[int, int], None]) -> int:
    """Encrypt the column's values anew that aren't under the active key; gives how many were.

    Each batch is a transaction of its own, so a run that was stopped is taken up by the next. A value that somebody
    changed meanwhile is left as they wrote it. Values that can't be read stay; their primary keys are noted in
    `column.unreadable`. `on_batch` gets the numbers of values seen and rewritten, inside the batch's transaction.
    """
    rotated = 0
    for batch in _batches(column.column, batch_size):
        renewed = [(pk, old, new) for pk, old in batch if (new := _renew(column, pk, old)) is not None]
        with transaction.atomic():
            written = _write(column.column, renewed)
            on_batch(len(batch), written)
        rotated += written
    return rotated


def _stored(column: EncryptedTextField) -> models.QuerySet[Any]:
    """The column's rows with the stored text as `stored`, past the field's decryption."""
    text = Cast(column.attname, models.TextField())
    return column.model._base_manager.annotate(stored=text).exclude(stored="").exclude(stored=None)


def _counts(column: EncryptedTextField) -> dict[str, int]:
    rows = _stored(column).annotate(
        key_id=models.Case(
            models.When(
                stored__startswith=f"{VERSION}:",
                then=models.Func("stored", models.Value(":"), models.Value(2), function="split_part"),
            ),
            default=models.Value(NOT_ENCRYPTED),
            output_field=models.TextField(),
        )
    )
    return dict(rows.order_by().values_list("key_id").annotate(number=models.Count("*")))


def _batches(column: EncryptedTextField, size: int) -> Iterator[list[tuple[Any, str]]]:
    ring = key_ring()
    waiting = models.Q()
    for key_id in ring.keys.keys() - {ring.active_id}:
        waiting |= models.Q(stored__startswith=f"{VERSION}:{key_id}:")
    if not waiting:
        return
    rows = _stored(column).filter(waiting).order_by("pk").values_list("pk", "stored")
    batch = list(rows[:size])
    while batch:
        yield batch
        batch = list(rows.filter(pk__gt=batch[-1][0])[:size])


def _renew(column: Column, pk: Any, stored: str) -> str | None:
    try:
        return encrypt(decrypt(stored, context=column.label), context=column.label)
    except DecryptionError:
        column.unreadable.append(pk)
        return None


def _write(column: EncryptedTextField, renewed: list[tuple[Any, str, str]]) -> int:
    """One statement for the batch; a row whose value isn't the old one any more is left alone."""
    key = column.model._meta.pk
    names = (column.model._meta.db_table, column.column, key.column)
    table, value, pk = (connection.ops.quote_name(str(name)) for name in names)
    statement = (
        f"UPDATE {table} AS target SET {value} = renewed.new "  # noqa: S608 (quoted names of our own models)
        f"FROM unnest(%s::{key.db_type(connection)}[], %s::text[], %s::text[]) AS renewed (pk, old, new) "
        f"WHERE target.{pk} = renewed.pk AND target.{value} = renewed.old"
    )
    columns = [list(values) for values in zip(*renewed, strict=True)] or [[], [], []]
    with connection.cursor() as cursor:
        cursor.execute(statement, columns)
        return int(cursor.rowcount)
