"""A folder on this machine, or on a share that all machines see."""

import datetime as dt
import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.core.files.storage import FileSystemStorage

from exports.vault.storage import VaultEntry, disk_full, file_missing, store_away
from exports.vault.tink_format import piece_sizes

OWNER_ONLY_FOLDER, OWNER_ONLY_FILE = 0o700, 0o600
UNFINISHED = ".part"
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class LocalVaultStorage(FileSystemStorage):
    """Files in `location` that only their owner may read. What is being written ends in `.part`."""

    @property
    def folder(self) -> Path:
        return Path(self.location)

    @contextmanager
    def new_file(self, name: str, *, keep_free_bytes: int) -> Iterator["_Sink"]:
        path, draft = Path(self.path(name)), Path(self.path(name + UNFINISHED))
        with _translated_errors():
            self.folder.mkdir(mode=OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
            handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY_FILE)
        try:
            yield _Sink(handle, keep_free_bytes)
            with _translated_errors():
                os.fsync(handle)
                draft.replace(path)
                _fsync_folder(self.folder)
        except BaseException:
            for leftover in (draft, path):
                with suppress(OSError):
                    leftover.unlink()
            raise
        finally:
            os.close(handle)

    def open_file(self, name: str) -> "_Source":
        with _translated_errors():
            return _Source(os.open(self.path(name), os.O_RDONLY))

    def remove(self, name: str) -> None:
        with _translated_errors():
            for path in (self.path(name), self.path(name + UNFINISHED)):
                Path(path).unlink(missing_ok=True)

    def entries(self) -> Iterator[VaultEntry]:
        if not self.folder.exists():
            return
        with _translated_errors(), os.scandir(self.folder) as files:
            for file in files:
                with suppress(FileNotFoundError):  # renamed or removed since
                    if file.is_file(follow_symlinks=False):
                        found = file.stat(follow_symlinks=False)
                        changed_at = dt.datetime.fromtimestamp(found.st_mtime, dt.UTC)
                        name = file.name.removesuffix(UNFINISHED)
                        yield VaultEntry(name, changed_at, found.st_size, is_whole=name == file.name)

    def free_bytes(self) -> int | None:
        with _translated_errors():
            return shutil.disk_usage(nearest_folder(self.folder)).free


class _Sink:
    def __init__(self, handle: int, keep_free_bytes: int) -> None:
        self._handle = handle
        self._keep_free_bytes = keep_free_bytes

    def write(self, data: memoryview) -> None:
        with _translated_errors():
            disk = os.fstatvfs(self._handle)
            if disk.f_bavail * disk.f_frsize < self._keep_free_bytes + len(data):
                raise disk_full()
            while data:
                data = data[os.write(self._handle, data) :]


class _Source:
    def __init__(self, handle: int) -> None:
        self._handle = handle
        self.size = os.fstat(handle).st_size

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        for size in piece_sizes(start, end):
            with _translated_errors():
                piece = os.pread(self._handle, size, start)
            yield piece
            start += size

    def close(self) -> None:
        os.close(self._handle)


def nearest_folder(path: Path) -> Path:
    """`path`, or the folder above it in which it would be made."""
    return next(folder for folder in (path, *path.parents) if folder.is_dir())


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise file_missing() from error
    except OSError as error:
        raise (disk_full() if error.errno in NO_ROOM else store_away(error)) from error


def _fsync_folder(folder: Path) -> None:
    """The file's name is in its folder, which must reach the disk, too (fsync(2))."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
