"""Streams and files that exports are written to."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from django.utils.translation import gettext as _

from exports.errors import ExportRefusedError

OWNER_ONLY = 0o600


class MeasuringStream:
    """Passes bytes on to `file`, counting and hashing them.

    It can't `seek` or `tell`, so that nothing which was hashed can be overwritten; zipfile then writes sizes behind
    each part instead of before it.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self._given_up = False
        self.size = 0

    def write(self, data: bytes) -> int:
        if self._given_up:
            return len(data)
        self._file.write(data)
        self._hash.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        if not self._given_up:
            self._file.flush()

    def give_up(self) -> None:
        """Pass nothing on any more: a ZipFile left behind by an error would write its end when it is collected."""
        self._given_up = True

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


@contextmanager
def new_file(path: Path, *, overwrite: bool = False) -> Iterator[BinaryIO]:
    """A file that appears at `path`, readable by its owner only, when the block ends well; else nothing stays.

    Without `overwrite` the name is claimed at once by an empty file, so two runs can't both end in it.

    Raises ExportRefusedError (`file-exists`) when the name is taken, and OSError for a folder that can't be written to.
    """
    if not overwrite:
        _claim(path)
    draft_path: Path | None = None
    try:
        handle, draft_name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        draft_path = Path(draft_name)
        with os.fdopen(handle, "wb") as draft:
            yield cast(BinaryIO, draft)
            draft.flush()
            os.fsync(draft.fileno())
        draft_path.replace(path)
    except BaseException:
        if draft_path:
            draft_path.unlink(missing_ok=True)
        if not overwrite:
            path.unlink(missing_ok=True)
        raise


def _claim(path: Path) -> None:
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY))
    except FileExistsError as error:
        message = _("%(path)s exists already.")
        raise ExportRefusedError("file-exists", message % {"path": path}, path=str(path)) from error
