"""What the other process of a rehearsal does, with an empty database for its own.

It reads from standard input where the backup lies; its last line of output is what it found, as JSON.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import transaction

from common.errors import DomainError
from exports.backup.copying import RowSum, write_values_plainly
from exports.backup.manifest import Manifest
from exports.backup.restoring import restore_exactly
from exports.backup.sealed import open_backup
from exports.backup.tables import tables_by_name
from exports.backup.vault_stream import seekable
from exports.backup.writing import clear_lines
from exports.vault import open_vault_file


def answer() -> None:
    """Do it, and say what came of it."""
    try:
        found = _restore_and_compare(json.load(sys.stdin))
    except DomainError as error:
        found = {"error": error.code, "words": str(error)}
    sys.stdout.write(f"{json.dumps(found)}\n")


def _restore_and_compare(where: dict[str, str]) -> dict[str, Any]:
    call_command("migrate", verbosity=0)
    Group.objects.all().delete()  # which the migrations have made, and the backup has
    with _opened(where) as source:
        manifest = restore_exactly(source=source)
    return {"made_at": manifest.made_at.isoformat(), "rows": manifest.rows, "problems": _problems(manifest)}


@contextmanager
def _opened(where: dict[str, str]) -> Iterator[BinaryIO]:
    if "path" in where:
        with open_backup(Path(where["path"]), ask_passphrase=lambda: where["passphrase"]) as source:
            yield source
    else:
        number = UUID(where["number"])
        with open_vault_file(where["storage_name"], where["key"], number=number) as reader, seekable(reader) as source:
            yield source


def _problems(manifest: Manifest) -> list[str]:
    """The tables whose rows aren't those of the backup."""
    found = []
    for file in manifest.tables:
        table, row_sum = tables_by_name()[file.table], RowSum()
        if table.is_read_only:
            continue
        with transaction.atomic():
            write_values_plainly()
            for line in clear_lines(table, None):
                row_sum.add(line)
        if (row_sum.rows, str(row_sum)) != (file.rows, file.row_sum):
            found.append(f"{file.table}: {row_sum.rows} / {file.rows}")
    return found
