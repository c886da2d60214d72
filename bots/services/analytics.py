"""Counting the analytics anew, when an operator asks for it."""

import datetime as dt

from django.db import transaction

from accounts.models import User
from audit.services import record
from bots.analytics.roll_up import rebuild_hours
from bots.analytics.snapshot import refresh_snapshots


def rebuild_analytics(*, actor: User | None) -> tuple[int, int]:
    """Forget all counts and count again; returns how many hours of how many bots there are.

    Pages show the old counts until the new ones are whole.
    """
    with transaction.atomic():
        hours = rebuild_hours()
        bots = refresh_snapshots(older_than=dt.timedelta(0))
        record(action="bots.analytics.rebuild", actor=actor, details={"hours": hours, "bots": bots})
    return hours, bots
