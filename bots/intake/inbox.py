"""Group commit: what arrives while a commit runs is stored together by the next one."""

import asyncio
import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg

from bots.intake.database import connect
from bots.models import InboundUpdate

logger = logging.getLogger(__name__)

MOST_ROWS = 1000
MOST_WAITING = 5000
MOST_WAITING_BYTES = 64 * 1024 * 1024
STORE_SECONDS = 5.0
RECONNECT_SECONDS = 0.5
# Unique are updates within a day's part of the table. Platforms repeat them for a day, so the day before is looked
# into; by a scalar subquery, which is one look into an index for each, and never a join that reads that day whole.
_INSERT = """
    INSERT INTO bots_inboundupdate (bot_id, source, state, received_at, kind, reason, update_id, body)
    SELECT came.bot_id, %b, %b, %b, '', '', came.update_id, came.body
    FROM unnest(%b::bigint[], %b::bigint[], %b::text[]) AS came (bot_id, update_id, body)
    WHERE (
        SELECT true FROM bots_inboundupdate AS known
        WHERE known.bot_id = came.bot_id AND known.update_id = came.update_id
            AND known.received_at >= %b AND known.received_at < %b
        LIMIT 1
    ) IS NULL
    ON CONFLICT DO NOTHING
"""


# Called with 200 once an update is committed; with 503 when it wasn't, or nobody knows whether it was.
Answer = Callable[[int], None]


@dataclass(slots=True)
class _Arrival:
    bot_id: int
    update_id: int | None
    body: str
    answer: Answer | None

    @property
    def key(self) -> tuple[int, int]:
        return self.bot_id, -1 if self.update_id is None else self.update_id

    def tell(self, status: int) -> None:
        """Answer, if nobody has yet."""
        if self.answer:
            answer, self.answer = self.answer, None
            answer(status)


class Inbox:
    """Stores updates by one connection to the database, which it opens anew whenever it is lost.

    While there is none, and while more waits than it may hold, it refuses at once instead of letting senders wait.
    """

    def __init__(self) -> None:
        self.is_open = False
        self._waiting: list[_Arrival] = []
        self._waiting_bytes = 0
        self._running: list[_Arrival] = []
        self._came = asyncio.Event()

    def store(self, *, bot_id: int, update_id: int | None, body: str, answer: Answer) -> None:
        """Store an update, its body encrypted; one that was known before counts as stored."""
        is_full = len(self._waiting) >= MOST_WAITING or self._waiting_bytes + len(body) > MOST_WAITING_BYTES
        if not self.is_open or is_full:
            answer(503)
            return
        self._waiting.append(_Arrival(bot_id, update_id, body, answer))
        self._waiting_bytes += len(body)
        self._came.set()

    async def keep_storing(self) -> None:
        """Store what comes, for ever."""
        while True:
            try:
                async with await connect() as connection:
                    self.is_open = True
                    while True:
                        await self._store_next(connection)
            except Exception as error:  # whatever it is, the next connection may do
                logger.error("Updates can't be stored: %s", type(error).__name__)
            finally:
                self._refuse_all()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _store_next(self, connection: psycopg.AsyncConnection[Any]) -> None:
        await self._came.wait()
        await asyncio.sleep(0)  # the loop first reads all that is there by now: a commit carries half as much again
        self._take_batch()
        # On time-out psycopg first asks the server to cancel, which takes long when it is dead; senders hear at once.
        alarm = asyncio.get_running_loop().call_later(STORE_SECONDS, self._refuse_all)
        try:
            async with asyncio.timeout(STORE_SECONDS):
                await self._insert(connection, self._running)
        finally:
            alarm.cancel()

    def _take_batch(self) -> None:
        batch, self._waiting = self._waiting[:MOST_ROWS], self._waiting[MOST_ROWS:]
        self._waiting_bytes -= sum(len(arrival.body) for arrival in batch)
        if not self._waiting:
            self._came.clear()
        # Two processes that get the same updates take them in the same order, so neither waits for the other in turn.
        self._running = sorted(batch, key=lambda arrival: arrival.key)

    async def _insert(self, connection: psycopg.AsyncConnection[Any], batch: list[_Arrival]) -> None:
        try:
            await connection.execute(_INSERT, _parameters(batch))
        except (psycopg.IntegrityError, psycopg.DataError) as error:
            if len(batch) > 1:  # such as the update of a bot that is gone: the others are stored without it
                for arrival in batch:
                    await self._insert(connection, [arrival])
                return
            logger.error("An update of bot %s can't be stored: %s", batch[0].bot_id, type(error).__name__)
            batch[0].tell(503)
        for arrival in batch:
            arrival.tell(200)

    def _refuse_all(self) -> None:
        self.is_open = False
        refused = [*self._running, *self._waiting]
        self._running, self._waiting, self._waiting_bytes = [], [], 0
        self._came.clear()
        for arrival in refused:
            arrival.tell(503)


def _parameters(batch: list[_Arrival]) -> list[Any]:
    now = dt.datetime.now(dt.UTC)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return [
        InboundUpdate.Source.WEBHOOK.value,
        InboundUpdate.State.PENDING.value,
        now,
        [arrival.bot_id for arrival in batch],
        [arrival.update_id for arrival in batch],
        [arrival.body for arrival in batch],
        today - dt.timedelta(days=1),
        today,
    ]
