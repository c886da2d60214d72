"""The process that sends: it begins what is due, and gives each bot that has work a sender of its own."""

import asyncio
import logging

from asgiref.sync import sync_to_async
from constance import config
from django.db import connection
from django.utils import timezone

from bots.api.client import ANSWER_TIMEOUT_SECONDS
from bots.models import Broadcast
from bots.sending.deliveries import bots_with_work
from bots.sending.locks import BotLocks, LockLost
from bots.sending.outbox import bots_with_messages
from bots.sending.pace import ChatPace, Pace
from bots.sending.sender import DATABASE_AWAY, BotSender
from bots.services.broadcast_runs import end_late_broadcasts, start_due_broadcasts

logger = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 1.0
MOST_BOTS = 200  # of one process; more wait for another process, or for their turn


class Dispatcher:
    """Runs until `stop` is called, or with `until_idle` until nothing is left that may go now.

    Any number may run at once. Everything asked of the database runs in one thread, since the locks belong to its
    session; only what takes long has a thread of its own, so that bots don't wait for it.
    """

    def __init__(self, *, until_idle: bool = False, answer_seconds: float = ANSWER_TIMEOUT_SECONDS) -> None:
        self._until_idle, self._answer_seconds = until_idle, answer_seconds
        self._locks = BotLocks()
        self._senders: dict[int, asyncio.Task[None]] = {}
        self._paces: dict[int, tuple[Pace, ChatPace]] = {}  # a bot's next sender goes on at the pace of its last one
        self._starting: asyncio.Task[None] | None = None
        self._is_stopping = False

    def stop(self) -> None:
        """Take up nothing more; what is on its way is waited for. May be called by a signal's handler."""
        self._is_stopping = True

    async def run(self) -> None:
        """Send what there is to send."""
        while not self._is_stopping:
            try:
                await self._look()
            except DATABASE_AWAY as error:
                logger.warning("The database is away (%s)", type(error).__name__)
                await sync_to_async(connection.close_if_unusable_or_obsolete)()
            if self._until_idle and not self._senders and self._starting is None:
                break
            await asyncio.sleep(LOOK_EVERY_SECONDS if not self._until_idle else LOOK_EVERY_SECONDS / 10)
        await asyncio.gather(*self._senders.values(), *([self._starting] if self._starting else []))

    async def _look(self) -> None:
        self._forget_ended()
        wanted = await sync_to_async(self._find_work)()
        for bot_id in wanted:
            if len(self._senders) >= MOST_BOTS:
                break
            if bot_id not in self._senders and await sync_to_async(self._locks.take)(bot_id):
                self._senders[bot_id] = asyncio.create_task(self._send_for(bot_id))
        if self._starting is None and await sync_to_async(_something_is_due)():
            self._starting = asyncio.create_task(asyncio.to_thread(_start_due))

    def _forget_ended(self) -> None:
        self._senders = {bot_id: task for bot_id, task in self._senders.items() if not task.done()}
        if self._starting and self._starting.done():
            if error := self._starting.exception():
                logger.error("What is due could not begin", exc_info=error)
            self._starting = None

    def _find_work(self) -> list[int]:
        now = timezone.now()
        end_late_broadcasts(now)
        wanted = sorted({*bots_with_work(now), *bots_with_messages(now)})
        new = [bot_id for bot_id in wanted if bot_id not in self._senders]
        if new:
            per_second, chat_seconds = config.BROADCAST_MESSAGES_PER_SECOND, config.BROADCAST_CHAT_SECONDS
            for bot_id in new:
                known = self._paces.get(bot_id)
                if known is None or (known[0].per_second, known[1].seconds) != (per_second, chat_seconds):
                    self._paces[bot_id] = Pace(per_second), ChatPace(chat_seconds)
        return wanted

    async def _send_for(self, bot_id: int) -> None:
        pace, chats = self._paces[bot_id]
        sender = BotSender(
            bot_id,
            pace=pace,
            chats=chats,
            locks=self._locks,
            answer_seconds=self._answer_seconds,
            is_stopping=lambda: self._is_stopping,
        )
        try:
            await sender.run()
        except LockLost:
            logger.warning("Bot %s: its lock was lost with the database's session", bot_id)
        except Exception:
            logger.exception("Bot %s: its sender failed", bot_id)
        finally:
            await sync_to_async(self._give_back)(bot_id)

    def _give_back(self, bot_id: int) -> None:
        try:
            self._locks.give_back(bot_id)
        except DATABASE_AWAY:
            connection.close_if_unusable_or_obsolete()


def _something_is_due() -> bool:
    due = Broadcast.objects.filter(state=Broadcast.State.SCHEDULED, scheduled_for__lte=timezone.now())
    return due.exists()


def _start_due() -> None:
    """In a thread of its own, and so with a connection of its own: an audience of millions takes its time."""
    try:
        start_due_broadcasts()
    finally:
        connection.close()
