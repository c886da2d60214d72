"""What a link is still good for. From values alone."""

import datetime as dt
from enum import StrEnum

from exports.models import DataExportLog, DownloadLink


class LinkState(StrEnum):
    """Where a link stands; only an open one can be used."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"
    REMOVED = "removed"


def has_file(run: DataExportLog, now: dt.datetime) -> bool:
    """Whether there is a file to fetch. One past its time isn't given away, even where clean-up hasn't come by yet."""
    return run.state == DataExportLog.State.READY and (run.expires_at is None or now < run.expires_at)


def state_of(link: DownloadLink, now: dt.datetime) -> LinkState:
    """What becomes of somebody who opens the link."""
    if link.revoked_at:
        return LinkState.REVOKED
    if not has_file(link.run, now):
        return LinkState.REMOVED
    if link.used_at:
        return LinkState.USED
    return LinkState.OPEN if now < link.expires_at else LinkState.EXPIRED


def is_resumable(link: DownloadLink, now: dt.datetime) -> bool:
    """Whether the browser that used the link may fetch the file, or go on with it."""
    in_window = link.resumable_until is not None and now < link.resumable_until
    return in_window and state_of(link, now) == LinkState.USED
