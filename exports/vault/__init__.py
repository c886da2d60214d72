"""Where the files of exports lie: each encrypted while it is written, under a key of its own.

The format is Tink's AES256-GCM-HKDF-1MB, so that others' programs can open our files (exports/vault/tink_format.py).
Where the bytes lie is the storage that Django's STORAGES calls "exports": a folder, or a bucket of an S3 service.
"""

from exports.vault.files import free_bytes, new_vault_file, open_vault_file, remove_vault_file, vault_files
from exports.vault.reader import VaultReader
from exports.vault.run_files import decrypt_export_file, encrypt_export_file
from exports.vault.storage import VaultEntry
from exports.vault.writer import VaultWriter

__all__ = [
    "VaultEntry",
    "VaultReader",
    "VaultWriter",
    "decrypt_export_file",
    "encrypt_export_file",
    "free_bytes",
    "new_vault_file",
    "open_vault_file",
    "remove_vault_file",
    "vault_files",
]
