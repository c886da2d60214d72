"""Files of the vault: each under a random key of its own, bound to its run by the run's number."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from constance import config

from common.crypto import make_key
from exports.vault.reader import VaultReader
from exports.vault.storage import VaultEntry, disk_full, vault_storage
from exports.vault.writer import VaultWriter

MEGABYTE = 1_000_000


@contextmanager
def new_vault_file(name: str, *, number: UUID, expected_bytes: int = 0) -> Iterator[VaultWriter]:
    """A new file that is there when the block ends well, and safe against a crash; else nothing stays.

    `number` is the run's; without it the file can't be opened. Raises ExportFailedError `disk-full`, at once where
    `expected_bytes` have no room beside what exports leave free, and `store-away`.
    """
    storage = vault_storage()
    keep_free_bytes = config.EXPORT_SPARE_MEGABYTES * MEGABYTE
    free = storage.free_bytes()
    if free is not None and free < keep_free_bytes + expected_bytes:
        raise disk_full()
    with storage.new_file(name, keep_free_bytes=keep_free_bytes) as sink:
        writer = VaultWriter(sink, storage_name=name, key=make_key(), associated_data=associated_data(number))
        try:
            yield writer
            writer.finish()
        finally:
            writer.give_up()


def open_vault_file(storage_name: str, key: str, *, number: UUID) -> VaultReader:
    """The file that was written for the run with that `number`, under `key` (base64).

    Raises ExportFailedError `file-missing`, `file-damaged` also for another run's number or key, and `store-away`.
    """
    source = vault_storage().open_file(storage_name)
    try:
        return VaultReader(source, key=key, associated_data=associated_data(number))
    except BaseException:
        source.close()
        raise


def remove_vault_file(storage_name: str) -> None:
    """Remove a file, or what there is of one; no error when there is nothing. Raises ExportFailedError `store-away`."""
    vault_storage().remove(storage_name)


def vault_files() -> Iterator[VaultEntry]:
    """Everything that lies in the vault. Raises ExportFailedError `store-away`."""
    return vault_storage().entries()


def free_bytes() -> int | None:
    """How much room the vault has; None where nobody knows. Raises ExportFailedError `store-away`."""
    return vault_storage().free_bytes()


def associated_data(number: Any) -> bytes:
    """What Tink calls associated data: the run's number, 36 characters with hyphens, in ASCII."""
    return str(number).encode()
