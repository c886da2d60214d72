"""What the vault asks of the storage that Django's STORAGES calls "exports"."""

import datetime as dt
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, cast

from django.core.files.storage import storages
from django.utils.translation import gettext as _

from exports.errors import ExportFailedError
from exports.vault.reader import Source
from exports.vault.writer import Sink

ALIAS = "exports"


@dataclass(frozen=True)
class VaultEntry:
    """A file in the vault, or what there is of one that is being written or never got to its end."""

    name: str
    changed_at: dt.datetime
    bytes: int
    is_whole: bool = True


class VaultStorage(Protocol):
    """A place for files. All raise ExportFailedError: `store-away`, and what is said besides."""

    def new_file(self, name: str, *, keep_free_bytes: int) -> AbstractContextManager[Sink]:
        """A file that is there, and safe against a crash, when the block ends well; else nothing stays.

        Raises `disk-full` when less than `keep_free_bytes` would be left.
        """
        ...

    def open_file(self, name: str) -> Source:
        """Raises `file-missing`."""
        ...

    def remove(self, name: str) -> None:
        """Remove the file and what there is of it; no error when there is nothing."""
        ...

    def entries(self) -> Iterator[VaultEntry]:
        """All files, those that aren't whole included."""
        ...

    def free_bytes(self) -> int | None:
        """How much room is left; None where nobody knows."""
        ...


def vault_storage() -> VaultStorage:
    return cast(VaultStorage, storages[ALIAS])


def disk_full() -> ExportFailedError:
    return ExportFailedError("disk-full", _("The disk is full; the export was given up."))


def file_missing() -> ExportFailedError:
    return ExportFailedError("file-missing", _("The file isn't there any more. Make the export anew."))


def store_away(error: Exception) -> ExportFailedError:
    message = _("The place where files of exports are kept can't be used: %(error)s")
    return ExportFailedError("store-away", message % {"error": error})
