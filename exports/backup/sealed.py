"""A backup as a file of its own, encrypted under a pass phrase: the file and the words are all that is needed.

Two lines come first: what this is, and how the key is made of the pass phrase (scrypt, RFC 7914, with the parameters
of OWASP's Password Storage Cheat Sheet). Then Tink's AES256-GCM-HKDF-1MB as in the vault, with both lines as its
associated data, so that nobody changes them either.
"""

import base64
import getpass
import os
import secrets
import sys
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from django.conf import settings
from django.utils.translation import gettext as _

from exports.backup.vault_stream import seekable
from exports.errors import ExportFailedError, ExportRefusedError
from exports.files import new_file
from exports.vault.reader import VaultReader
from exports.vault.tink_format import piece_sizes
from exports.vault.writer import VaultWriter

MAGIC = b"Electionsite backup, AES256-GCM-HKDF-1MB\n"
ZIP_MAGIC = b"PK"
LONGEST_LINE = 1000
SCRYPT_COST, SCRYPT_BLOCK, SCRYPT_LANES = 2**17, 8, 1
MOST_MEMORY_COST = 2**20  # of a file that somebody else made
SALT_BYTES = KEY_BYTES = 32
CHECK_BYTES = 8
SHORTEST_PASSPHRASE = 16
RECOVERY_GROUPS, GROUP_LETTERS = 8, 4
RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # without look-alikes: 158 bits


class KeyRecipe(msgspec.Struct, frozen=True):
    """How the key is made of the pass phrase. `check` tells a wrong pass phrase from a damaged file."""

    kdf: str
    n: int
    r: int
    p: int
    salt: str
    check: str


def make_recovery_key() -> str:
    """A random pass phrase that can be written down, such as `k7mf-p2xw-…`."""
    letters = [secrets.choice(RECOVERY_ALPHABET) for _number in range(RECOVERY_GROUPS * GROUP_LETTERS)]
    return "-".join("".join(letters[at : at + GROUP_LETTERS]) for at in range(0, len(letters), GROUP_LETTERS))


def passphrase_of_operator() -> str:
    """The pass phrase of the settings; else, at a terminal, the one that is typed.

    Raises ExportRefusedError `no-passphrase` where there is nobody to ask.
    """
    if settings.BACKUP_PASSPHRASE:
        return str(settings.BACKUP_PASSPHRASE)
    if sys.stdin.isatty():
        return getpass.getpass(_("Pass phrase or recovery key: "))
    message = _("Set ELECTIONSITE_BACKUP_PASSPHRASE (or …_FILE) to the pass phrase or recovery key of this backup.")
    raise ExportRefusedError("no-passphrase", message)


@contextmanager
def new_sealed_file(path: Path, *, passphrase: str, overwrite: bool = False) -> Iterator[VaultWriter]:
    """A file that is there, encrypted, when the block ends well; else nothing stays.

    Raises ExportRefusedError `passphrase-short` and `file-exists`, OSError for a folder that can't be written to.
    """
    if len(passphrase.strip()) < SHORTEST_PASSPHRASE:
        message = _("The pass phrase needs at least %(count)d characters.")
        raise ExportRefusedError("passphrase-short", message % {"count": SHORTEST_PASSPHRASE})
    salt = os.urandom(SALT_BYTES)
    recipe = KeyRecipe("scrypt", SCRYPT_COST, SCRYPT_BLOCK, SCRYPT_LANES, _text(salt), "")
    key, check = _derive(passphrase, recipe)
    head = MAGIC + msgspec.json.encode(msgspec.structs.replace(recipe, check=_text(check))) + b"\n"
    with new_file(path, overwrite=overwrite) as file:
        file.write(head)
        writer = VaultWriter(_Sink(file), storage_name=path.name, key=_text(key), associated_data=head)
        yield writer
        writer.finish()


@contextmanager
def open_backup(path: Path, *, ask_passphrase: Callable[[], str]) -> Iterator[BinaryIO]:
    """The ZIP in a backup, to read anywhere in it: of a sealed file, or a ZIP as the site gives it for download.

    Raises ExportRefusedError `not-a-backup`, `wrong-passphrase` and `damaged`; OSError for a file that can't be read.
    """
    with path.open("rb") as file:
        head = file.readline(LONGEST_LINE)
        if head.startswith(ZIP_MAGIC):
            file.seek(0)
            yield file
            return
        if head != MAGIC:
            raise ExportRefusedError("not-a-backup", _("This file is no backup of this system."))
        head += file.readline(LONGEST_LINE)
        key = _key_of(head.removeprefix(MAGIC), ask_passphrase)
        source = _Source(file, begin=len(head), size=os.fstat(file.fileno()).st_size - len(head))
        try:
            with VaultReader(source, key=key, associated_data=head) as reader, seekable(reader) as clear:
                yield clear
        except ExportFailedError as error:
            message = _("The backup is damaged: it was cut off or changed. Nothing was restored; take another copy.")
            raise ExportRefusedError("damaged", message) from error


def _key_of(line: bytes, ask_passphrase: Callable[[], str]) -> str:
    try:
        recipe = msgspec.json.decode(line, type=KeyRecipe)
    except msgspec.MsgspecError as error:
        raise ExportRefusedError("not-a-backup", _("This file is no backup of this system.")) from error
    if recipe.kdf != "scrypt" or not 2 <= recipe.n <= MOST_MEMORY_COST or (recipe.r, recipe.p) != (8, 1):
        raise ExportRefusedError("not-a-backup", _("This program doesn't know how this backup's key is made."))
    key, check = _derive(ask_passphrase(), recipe)
    if not secrets.compare_digest(_text(check), recipe.check):
        raise ExportRefusedError("wrong-passphrase", _("That is not the pass phrase of this backup."))
    return _text(key)


def _derive(passphrase: str, recipe: KeyRecipe) -> tuple[bytes, bytes]:
    words = unicodedata.normalize("NFC", passphrase.strip()).encode()
    salt = base64.b64decode(recipe.salt)
    derived = Scrypt(salt, KEY_BYTES + CHECK_BYTES, n=recipe.n, r=recipe.r, p=recipe.p).derive(words)
    return derived[:KEY_BYTES], derived[KEY_BYTES:]


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


class _Sink:
    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, data: memoryview) -> None:
        self._file.write(data)


class _Source:
    """What comes behind the two lines. The file is closed by whoever opened it."""

    def __init__(self, file: BinaryIO, *, begin: int, size: int) -> None:
        self._file = file
        self._begin = begin
        self.size = max(0, size)

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        for size in piece_sizes(start, end):
            yield os.pread(self._file.fileno(), size, self._begin + start)
            start += size

    def close(self) -> None:
        """Nothing: see above."""
