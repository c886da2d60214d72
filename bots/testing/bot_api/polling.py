"""getUpdates: short and long polling (https://core.telegram.org/bots/api#getupdates)."""

import asyncio
from contextlib import suppress

from bots.testing.bot_api.clock import Clock
from bots.testing.bot_api.refusals import conflict
from bots.testing.bot_api.updates import UpdateQueue, Waiting

MOST_AT_ONCE = 100
LONGEST_WAIT_SECONDS = 50


class Polling:
    """One call may wait at a time; a second one ends the first."""

    def __init__(self, updates: UpdateQueue, clock: Clock) -> None:
        self._updates, self._clock = updates, clock
        self._waiting: asyncio.Future[None] | None = None

    async def get(self, *, offset: int, limit: int, timeout_seconds: int) -> list[Waiting]:
        """Updates from `offset` on. Raises Refusal 409 when another call ends this one."""
        self.end("terminated by other getUpdates request; make sure that only one bot instance is running")
        if offset:
            self._updates.confirm(offset)
        limit = limit if 1 <= limit <= MOST_AT_ONCE else MOST_AT_ONCE
        found = self._updates.all()[:limit]
        if found or timeout_seconds <= 0:
            return found
        await self._wait(min(timeout_seconds, LONGEST_WAIT_SECONDS))
        return self._updates.all()[:limit]

    async def _wait(self, seconds: float) -> None:
        arrival = self._waiting = asyncio.get_running_loop().create_future()
        alarm = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({arrival, alarm}, return_when=asyncio.FIRST_COMPLETED)
            if arrival.done():
                arrival.result()
        finally:
            alarm.cancel()
            with suppress(asyncio.CancelledError):
                await alarm
            if self._waiting is arrival:
                self._waiting = None

    def wake(self) -> None:
        """Something has arrived."""
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(None)

    def end(self, why: str) -> None:
        """End the waiting call, if there is one, with a refusal."""
        waiting, self._waiting = self._waiting, None
        if waiting and not waiting.done():
            waiting.set_exception(conflict(why))
