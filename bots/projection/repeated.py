"""Updates that came twice around midnight.

An update is unique within a day's part of the inbox, and whoever stores one looks into the other days first. Two
that are stored at the same moment don't see each other; if midnight (UTC) lies between them, both stay. Here, where
one worker at a time handles a bot, the second one is found.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Protocol

from bots.models import InboundUpdate

REASON = "it came twice, and was used the first time"
# A statement that stores may wait for locks, though its sender waits for seconds only.
NEAR_MIDNIGHT = dt.timedelta(hours=1)
_DAY_SECONDS = 24 * 60 * 60
_USED = (InboundUpdate.State.PROJECTED, InboundUpdate.State.UNUSED)


class Waiting(Protocol):
    """An update that waits in the inbox."""

    pk: int
    update_id: int | None
    received_at: dt.datetime


def repeated_among(bot_id: int, updates: Sequence[Waiting]) -> set[int]:
    """The primary keys of those among a bot's waiting updates, given in order, that were used before."""
    near = [update for update in updates if update.update_id is not None and _is_near_midnight(update.received_at)]
    if not near:
        return set()
    moments = [update.received_at for update in near]
    twins = InboundUpdate.objects.filter(
        bot_id=bot_id,
        update_id__in=[update.update_id for update in near],
        state__in=_USED,
        received_at__range=(min(moments) - 2 * NEAR_MIDNIGHT, max(moments) + 2 * NEAR_MIDNIGHT),
    )
    used = set(twins.values_list("update_id", flat=True))
    repeated = set()
    for update in near:
        if update.update_id in used:
            repeated.add(update.pk)
        used.add(update.update_id)
    return repeated


def _is_near_midnight(moment: dt.datetime) -> bool:
    since = moment.timestamp() % _DAY_SECONDS
    return min(since, _DAY_SECONDS - since) < NEAR_MIDNIGHT.total_seconds()
