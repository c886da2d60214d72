"""The process that fetches the updates of all bots that are polled."""

import asyncio
import logging
from contextlib import suppress
from typing import Any

from asgiref.sync import sync_to_async
from django.db import InterfaceError, OperationalError, connection

from bots.api.answers import BotApiError
from bots.models import Bot
from bots.polling.line import PollingLine
from bots.services.polling import keep_updates

logger = logging.getLogger(__name__)

# Any number that nobody else uses as an advisory lock's key.
POLLER = 7_204_013
LOOK_EVERY_SECONDS = 1.0
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 60.0
DATABASE_AWAY = (OperationalError, InterfaceError)


class Poller:
    """Runs until `stop` is called; with `once` until each bot has nothing more waiting, or can't be fetched for.

    Of several, one works and the others stand by: the platforms let nobody fetch beside somebody else. Everything
    asked of the database runs in one thread, since the lock belongs to its session.
    """

    def __init__(self, *, wait_seconds: int, once: bool = False) -> None:
        self._wait_seconds, self._once = (0 if once else wait_seconds), once
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._bots: dict[int, tuple[str, str, str]] = {}  # how each is reached, as its task knows it
        self._session: Any = None
        self._is_stopping = False

    def stop(self) -> None:
        """End soon; what was fetched is kept. May be called by a signal's handler."""
        self._is_stopping = True

    async def run(self) -> None:
        """Fetch."""
        try:
            await self._fetch_all()
        finally:
            await self._end(list(self._tasks))
            await sync_to_async(self._give_lock_back)()

    async def _fetch_all(self) -> None:
        while not self._is_stopping:
            try:
                await self._look()
            except DATABASE_AWAY as error:
                logger.warning("The database is away (%s)", type(error).__name__)
                await sync_to_async(connection.close_if_unusable_or_obsolete)()
            if self._once:
                await asyncio.gather(*self._tasks.values())
                return
            await asyncio.sleep(LOOK_EVERY_SECONDS)

    async def _look(self) -> None:
        """Begin with bots that are new here, and leave off those that are gone or are reached otherwise now."""
        bots = {bot.pk: bot for bot in await sync_to_async(self._find_bots)()}
        await self._end(
            [
                bot_id
                for bot_id, task in self._tasks.items()
                if task.done() or bot_id not in bots or _way_to(bots[bot_id]) != self._bots[bot_id]
            ]
        )
        for bot_id, bot in bots.items():
            if bot_id not in self._tasks:
                self._bots[bot_id] = _way_to(bot)
                self._tasks[bot_id] = asyncio.create_task(self._fetch_for(bot))

    def _find_bots(self) -> list[Bot]:
        connection.ensure_connection()
        if self._session is not connection.connection:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_try_advisory_lock(%s)", [POLLER])
                if not cursor.fetchone()[0]:
                    return []
            self._session = connection.connection
        return list(Bot.objects.filter(receives_by=Bot.Way.POLLING).exclude(token_index="").order_by("pk"))

    def _give_lock_back(self) -> None:
        if self._session is not None and self._session is connection.connection:
            with suppress(*DATABASE_AWAY), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [POLLER])

    async def _end(self, bot_ids: list[int]) -> None:
        tasks = [self._tasks.pop(bot_id) for bot_id in bot_ids]
        for task in tasks:
            task.cancel()
        for error in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(error, Exception):
                logger.error("Fetching for a bot failed", exc_info=error)

    async def _fetch_for(self, bot: Bot) -> None:
        pause_seconds = FIRST_PAUSE_SECONDS
        async with PollingLine(bot) as line:
            while True:
                try:
                    bodies = await line.get_updates(offset=bot.polling_offset, wait_seconds=self._wait_seconds)
                    if bodies:
                        await sync_to_async(keep_updates)(bot=bot, bodies=bodies)
                    elif self._once:
                        return
                    pause_seconds = FIRST_PAUSE_SECONDS
                except (BotApiError, *DATABASE_AWAY) as error:
                    logger.warning("Bot %s: its updates could not be fetched: %s", bot.slug, _reason(error))
                    if self._once:
                        return
                    await asyncio.sleep(_wait_asked_for(error) or pause_seconds)
                    pause_seconds = min(pause_seconds * 2, LONGEST_PAUSE_SECONDS)


def _way_to(bot: Bot) -> tuple[str, str, str]:
    return bot.effective_api_root, bot.token, bot.proxy


def _reason(error: Exception) -> str:
    """Why, in the platform's words or a technical term; the logs are in English."""
    extra = error.extra if isinstance(error, BotApiError) else {}
    return str(extra.get("description") or extra.get("reason") or extra.get("status") or type(error).__name__)


def _wait_asked_for(error: Exception) -> float | None:
    return error.extra.get("retry_after_seconds") if isinstance(error, BotApiError) else None
