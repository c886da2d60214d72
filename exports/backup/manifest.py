"""What a backup says of itself: `manifest.json`, its last file."""

import datetime as dt
from typing import Any

import msgspec
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils.translation import gettext as _
from msgspec.json import format as indented

from common.crypto import blind_index
from exports.backup.tables import TABLES
from exports.errors import ExportRefusedError

MANIFEST = "manifest.json"
FORM = 1


class TableFile(msgspec.Struct, frozen=True):
    """One table of a backup. `row_sum` is the sum of the rows' hashes: the same rows in any order give the same."""

    table: str
    file: str
    columns: list[str]
    rows: int
    bytes: int
    sha256: str
    row_sum: str


class Manifest(msgspec.Struct, frozen=True):
    """`migrations` is the schema's version: those that were applied to the apps whose tables are here.

    `index_key` tells, without telling it, which key made the fingerprints of erased people and backup codes.
    """

    form: int
    made_at: dt.datetime
    made_by: str
    candidate: str
    migrations: list[str]
    index_key: str
    tables: list[TableFile]

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.tables)

    def as_json(self) -> bytes:
        return indented(msgspec.json.encode(self), indent=2)


def read_manifest(content: bytes) -> Manifest:
    """Raises ExportRefusedError `not-a-backup` for what isn't a manifest of this form."""
    try:
        form = msgspec.json.decode(content, type=dict[str, Any]).get("form")
        manifest = msgspec.json.decode(content, type=Manifest) if form == FORM else None
    except msgspec.MsgspecError as error:
        raise ExportRefusedError("not-a-backup", _("This is not a backup of this system: %s") % error) from error
    if manifest is None:
        message = _("This backup has the form %(form)s; this program reads the form %(known)s.")
        raise ExportRefusedError("not-a-backup", message % {"form": form, "known": FORM})
    return manifest


def schema_version() -> list[str]:
    """The migrations that made the tables of a backup, as `app.name`, sorted."""
    apps = {table.model._meta.app_label for table in TABLES}
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in applied if app in apps)


def index_key_name() -> str:
    """A fingerprint that tells two keys of blind indexes apart."""
    return blind_index("which key", context="exports.backup")[:16]
