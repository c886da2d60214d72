"""The bots that exist, in memory, so that an update is judged without a query."""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any

import psycopg

from bots.intake.database import connect
from bots.models import Bot
from common.crypto import decrypt
from common.errors import DomainError

logger = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 1.0
_SECRET = Bot._meta.get_field("webhook_secret")
# A digest of what is held here: it changes with any bot that comes, goes or gets another key or secret.
_FINGERPRINT = "SELECT count(*), sum(hashtextextended(webhook_key || ' ' || webhook_secret, id)) FROM bots_bot"
_BOTS = "SELECT id, webhook_key, webhook_secret FROM bots_bot"


@dataclass(frozen=True, slots=True)
class KnownBot:
    """A bot's primary key, and the secret that its platform shows."""

    id: int
    secret: bytes


class KnownBots:
    """The bots by the key in their webhook's path. `is_read` is False until they were read for the first time."""

    def __init__(self) -> None:
        self.is_read = False
        self._by_key: dict[bytes, KnownBot] = {}
        self._fingerprint: tuple[Any, ...] | None = None

    def find(self, webhook_key: bytes) -> KnownBot | None:
        """The bot whose webhook's path ends with this key."""
        return self._by_key.get(webhook_key)

    async def keep_up(self) -> None:
        """Look every second for what has changed, for ever. While the database is away, what was known stays known."""
        while True:
            try:
                async with await connect() as connection:
                    while True:
                        await self.look(connection)
                        await asyncio.sleep(LOOK_EVERY_SECONDS)
            except Exception as error:  # whatever it is, the next connection may do
                logger.warning("The bots could not be read: %s", type(error).__name__)
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def look(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Read the bots again if any has changed since the last look. Raises psycopg.Error, TimeoutError."""
        async with asyncio.timeout(LOOK_EVERY_SECONDS * 5):
            fingerprint = await (await connection.execute(_FINGERPRINT)).fetchone()
            if self.is_read and fingerprint == self._fingerprint:
                return
            rows = await (await connection.execute(_BOTS)).fetchall()
        self._by_key = await asyncio.to_thread(_decrypted, rows)
        self._fingerprint, self.is_read = fingerprint, True


def _decrypted(rows: list[tuple[int, str, str]]) -> dict[bytes, KnownBot]:
    found = {}
    for bot_id, key, stored in rows:
        try:
            secret = decrypt(stored, context=_SECRET.context)
        except DomainError as error:  # one bot's trouble, not that of all the others
            logger.error("The secret of bot %s can't be read: %s", bot_id, error.code)
            continue
        found[key.encode()] = KnownBot(bot_id, secret.encode())
    return found
