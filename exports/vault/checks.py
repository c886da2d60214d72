"""System checks of the place where files of exports are kept."""

import os
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.files.storage import InvalidStorageError

from exports.vault.local import LocalVaultStorage, nearest_folder
from exports.vault.storage import ALIAS, vault_storage

OTHERS = 0o077


@register(Tags.files)
def check_vault(**_kwargs: Any) -> list[CheckMessage]:
    """Exports fail where their place can't be written to; others need not read even what is encrypted."""
    try:
        storage = vault_storage()
    except (InvalidStorageError, ImportError) as error:
        hint = "Install requirements-s3.txt, or give ELECTIONSITE_EXPORTS_STORE a folder."
        return [Error(f"The storage of exports can't be loaded: {error}.", hint=hint, id="exports.E001")]
    if isinstance(storage, LocalVaultStorage):
        return _folder(storage)
    return _bucket(settings.STORAGES[ALIAS]["OPTIONS"].get("endpoint_url") or "https://")


def _folder(storage: LocalVaultStorage) -> list[CheckMessage]:
    folder = nearest_folder(storage.folder)
    is_in_the_way = storage.folder.exists() and not storage.folder.is_dir()
    if is_in_the_way or not os.access(folder, os.W_OK | os.X_OK):
        hint = f"Let {storage.folder} belong to the user that Electionsite runs as, or set ELECTIONSITE_EXPORTS_STORE."
        return [Error(f"Exports can't be written to {storage.folder}.", hint=hint, id="exports.E002")]
    if folder == storage.folder and folder.stat().st_mode & OTHERS:
        hint = f"chmod 700 {folder}"
        return [Warning(f"Others on this machine may look into {folder}.", hint=hint, id="exports.W001")]
    return []


def _bucket(endpoint: str) -> list[CheckMessage]:
    if settings.IS_PRODUCTION and urlsplit(endpoint).scheme != "https":
        hint = "Give the bucket's endpoint as https://…"
        return [Warning("Who listens reads the keys of the exports' bucket.", hint=hint, id="exports.W002")]
    return []
