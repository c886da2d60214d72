"""The journal of erasures: a file outside the database, so that a restore of the database doesn't forget them."""

import datetime as dt
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from common.errors import DomainError


@dataclass(frozen=True)
class Tombstone:
    """That the person with this keyed fingerprint was erased from a bot."""

    bot_id: int
    index: str
    erased_at: dt.datetime


def append_tombstone(tombstone: Tombstone) -> None:
    """Write a line that is on the disk when this returns. Raises DomainError `erasure-journal-away`.

    Called last in the transaction that erases: a line too many, should the commit fail, erases somebody who asked.
    """
    words = {"bot": tombstone.bot_id, "person": tombstone.index, "erased_at": tombstone.erased_at.isoformat()}
    try:
        settings.ERASURES_FILE.parent.mkdir(parents=True, exist_ok=True)
        with settings.ERASURES_FILE.open("ab") as file:
            # The line's own beginning ends one that a full disk has cut.
            file.write(f"\n{json.dumps(words)}\n".encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        message = _("The journal of erasures can't be written: %(error)s") % {"error": error}
        raise DomainError("erasure-journal-away", message) from error


def read_tombstones() -> Iterator[Tombstone]:
    """The tombstones of the journal; nothing where there is none. Lines that were cut are passed over."""
    if not settings.ERASURES_FILE.exists():
        return
    with settings.ERASURES_FILE.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            try:
                words = json.loads(line)
                yield Tombstone(int(words["bot"]), str(words["person"]), dt.datetime.fromisoformat(words["erased_at"]))
            except (ValueError, KeyError, TypeError):
                continue
