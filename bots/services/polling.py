"""Fetching updates instead of being sent them, for places without a public address."""

from collections.abc import Sequence

from django.db import transaction

from bots.api.client import BotApi
from bots.models import Bot, InboundUpdate
from bots.projection.decode import read_update_id
from bots.services.inbox import Stored, store_updates


def fetch_updates(*, bot: Bot, api: BotApi, wait_seconds: int) -> Stored:
    """Fetch what waits at the platform and store it; waits up to `wait_seconds` for the first update.

    The updates are confirmed to the platform by the next call only, when they are committed here together with the
    number to go on from: a crash in between fetches them again, and the inbox knows them already.
    Raises BotApiError when the platform refuses or can't be reached.
    """
    return keep_updates(bot=bot, bodies=api.get_updates(offset=bot.polling_offset, wait_seconds=wait_seconds))


def keep_updates(*, bot: Bot, bodies: Sequence[bytes]) -> Stored:
    """Store updates that were fetched, together with the number to go on from, which `bot` has afterwards, too."""
    if not bodies:
        return Stored(new=0, known=0)
    numbers = [number for number in map(read_update_id, bodies) if number is not None]
    with transaction.atomic():
        stored = store_updates(bot=bot, bodies=bodies, source=InboundUpdate.Source.POLLING)
        if numbers:
            bot.polling_offset = max(numbers) + 1
            bot.save(update_fields=["polling_offset"])
    return stored
