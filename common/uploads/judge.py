"""Saying what a file is, and refusing what it must not be."""

from collections.abc import Collection
from typing import IO

from django.utils.translation import gettext_lazy as _

from common.uploads.csv_text import judge_csv
from common.uploads.refusal import UploadRefused
from common.uploads.workbook import judge_workbook

MAXIMUM_BYTES = 10 * 1024 * 1024
CONTENT_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
ZIP_BEGINNING = b"PK\x03\x04"
OLE_BEGINNING = b"\xd0\xcf\x11\xe0"  # Excel before 2007, and newer files with a password


def validate_upload(file: IO[bytes], kinds: Collection[str] = frozenset(CONTENT_TYPES)) -> str:
    """The kind of `file` by its content: `csv` or `xlsx`. It must be seekable, and stands at its beginning after.

    Takes at most a few megabytes of memory, and about two seconds. Raises UploadRefused for anything else than a
    sound file of one of `kinds` of at most 10 MB; for workbooks also when they hold macros, foreign objects, links
    to other files, or more than they seem to.
    """
    size_bytes = file.seek(0, 2)
    if size_bytes == 0:
        raise UploadRefused("empty", _("This file is empty."))
    if size_bytes > MAXIMUM_BYTES:
        words = _("This file has more than %(megabytes)d MB. Split it into smaller ones.")
        raise UploadRefused("too-large", words % {"megabytes": MAXIMUM_BYTES // 1024 // 1024})
    file.seek(0)
    kind = _judge(file, file.read(4))
    if kind not in kinds:
        words = _("This is a file of the kind %(kind)s, which is not expected here.")
        raise UploadRefused("wrong-kind", words % {"kind": kind.upper()})
    file.seek(0)
    return kind


def _judge(file: IO[bytes], beginning: bytes) -> str:
    if beginning == OLE_BEGINNING:
        words = _("This is an old Excel file, or one with a password. Save it as .xlsx without a password.")
        raise UploadRefused("old-or-locked-workbook", words)
    if beginning == ZIP_BEGINNING:
        judge_workbook(file)
        return "xlsx"
    judge_csv(file)
    return "csv"
