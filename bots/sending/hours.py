"""When a broadcast may not go out."""

import datetime as dt

from common.jalali import in_tehran


def is_quiet(moment: dt.datetime, quiet_from: dt.time | None, quiet_until: dt.time | None) -> bool:
    """Whether a moment lies in the quiet hours of Tehran, which may go over midnight. None: there are none."""
    if quiet_from is None or quiet_until is None:
        return False
    clock = in_tehran(moment).time()
    if quiet_from <= quiet_until:
        return quiet_from <= clock < quiet_until
    return clock >= quiet_from or clock < quiet_until
