"""Sending what one bot has to send, at its pace."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from asgiref.sync import sync_to_async
from constance import config
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from bots.models import Bot, Broadcast
from bots.sending.content import call_of
from bots.sending.deliveries import Claimed, Settled, claim, settle, take_over
from bots.sending.line import Call, Line
from bots.sending.locks import BotLocks
from bots.sending.outbox import ClaimedMessage, SettledMessage, claim_messages, settle_messages, take_over_messages
from bots.sending.outcome import NO_ANSWER, Fate, Outcome
from bots.sending.pace import ChatPace, Pace
from bots.services.broadcast_runs import halt_bot

logger = logging.getLogger(__name__)

SETTLE_EVERY_SECONDS = 0.2
# What is claimed a little before it may go doesn't lose the time that the database takes.
CLAIM_AHEAD_SECONDS = 0.03
LOOK_AGAIN_SECONDS = 1.0
# Twice what goes in a second: a platform that is silent holds up no more than these, and leaves no more uncertain.
SECONDS_ON_THE_WAY = 2
# So many refusals one after the other aren't the people's fault.
REFUSALS_IN_A_ROW = 25
DATABASE_AWAY = (OperationalError, InterfaceError)


class BotSender:
    """Sends for one bot whose lock this process holds, until nothing is left that may go now, or it shall stop."""

    def __init__(
        self,
        bot_id: int,
        *,
        pace: Pace,
        chats: ChatPace,
        locks: BotLocks,
        answer_seconds: float,
        is_stopping: Callable[[], bool],
    ) -> None:
        self._bot_id, self._locks, self._is_stopping = bot_id, locks, is_stopping
        self._answer_seconds = answer_seconds
        self._pace, self._chats = pace, chats
        self._most_on_the_way = pace.per_second * SECONDS_ON_THE_WAY
        self._on_the_way: set[asyncio.Task[None]] = set()
        self._finished: deque[Settled | SettledMessage] = deque()
        self._answered = asyncio.Event()
        self._calls: dict[int, Call] = {}
        self._refusals_in_a_row = 0
        self._halt_reason = ""
        self._latest_seconds = 0

    async def run(self) -> None:
        """Send. Returns when all is put down; raises nothing for a platform or a database that is away."""
        bot = await sync_to_async(self._begin)()
        async with Line(bot, answer_seconds=self._answer_seconds) as line:
            settling = asyncio.create_task(self._settle_in_turns())
            try:
                await self._send_all(bot, line)
            except DATABASE_AWAY as error:
                logger.warning("Bot %s: the database is away (%s)", self._bot_id, type(error).__name__)
            finally:
                if self._on_the_way:
                    await asyncio.wait(self._on_the_way)
                settling.cancel()
                await asyncio.gather(settling, return_exceptions=True)
                await self._settle_for_good()
        if self._halt_reason:
            await sync_to_async(halt_bot)(bot=bot, reason=self._halt_reason)

    def _begin(self) -> Bot:
        self._locks.require(self._bot_id)
        self._latest_seconds = config.REPLY_LATEST_SECONDS
        left = take_over(self._bot_id, timezone.now()) + take_over_messages(self._bot_id)
        if left:
            logger.warning("Bot %s: %d messages of a sender that ended are uncertain now", self._bot_id, left)
        return Bot.objects.get(pk=self._bot_id)

    async def _send_all(self, bot: Bot, line: Line) -> None:
        if not bot.token:
            self._halt_reason = "it has no token"
            return
        while not self._is_stopping() and not self._halt_reason:
            if not await self._wait_for_room():
                continue
            claimed = await sync_to_async(self._claim)(bot, self._pace.group_size)
            for delivery in claimed:
                await self._send(delivery, line)
            if not claimed:
                if not self._on_the_way and not self._finished:
                    return
                # Somebody's next message may wait until what became of the last one is put down.
                await self._wait_for_answer(LOOK_AGAIN_SECONDS if self._on_the_way else SETTLE_EVERY_SECONDS)

    async def _wait_for_room(self) -> bool:
        """Whether a group may go now; else waits a little, or until something is answered."""
        now = asyncio.get_running_loop().time()
        # Until the platform has the picture, the first few upload it; nobody else need.
        is_uploading = any(call.files for call in self._calls.values())
        room = 1 if self._pace.is_troubled or is_uploading else self._most_on_the_way
        wait = self._pace.free_at() - now - CLAIM_AHEAD_SECONDS if len(self._on_the_way) < room else LOOK_AGAIN_SECONDS
        if wait <= 0:
            return True
        await self._wait_for_answer(min(wait, LOOK_AGAIN_SECONDS))
        return False

    async def _wait_for_answer(self, seconds: float) -> None:
        self._answered.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._answered.wait(), seconds)

    def _claim(self, bot: Bot, count: int) -> list[Claimed | ClaimedMessage]:
        """What goes next: who talks with the bot comes before whom a broadcast goes to."""
        self._locks.require(self._bot_id)
        now = timezone.now()
        messages = claim_messages(bot, count, now, latest_seconds=self._latest_seconds)
        room = count - len(messages)
        return [*messages, *(claim(bot, room, now) if room > 0 else [])]

    async def _send(self, delivery: Claimed | ClaimedMessage, line: Line) -> None:
        if isinstance(delivery, Claimed) and delivery.broadcast_id not in self._calls:
            call = await sync_to_async(_load_call)(delivery.broadcast_id)
            self._calls = {delivery.broadcast_id: call}  # one broadcast after the other
        now = asyncio.get_running_loop().time()
        wait = 0.0 if delivery.chat_id is None else self._chats.take(delivery.chat_id, now)
        goes_at = max(now + wait, self._pace.place_at())
        place, wait = self._pace.take(goes_at), goes_at - now
        self._on_the_way.add(asyncio.create_task(self._deliver(delivery, line, place, wait)))

    async def _deliver(self, delivery: Claimed | ClaimedMessage, line: Line, place: int, wait: float) -> None:
        await asyncio.sleep(wait)
        try:
            call = self._calls[delivery.broadcast_id] if isinstance(delivery, Claimed) else delivery.call
            outcome = await line.send(call, delivery.chat_id)
        except Exception:
            logger.exception("Bot %s: an answer could not be read", self._bot_id)
            outcome = Outcome(Fate.UNCERTAIN, NO_ANSWER)
        self._learn(outcome, place)
        if isinstance(delivery, Claimed):
            self._learn_of_broadcast(delivery, outcome)
            self._finished.append(Settled.of(delivery, outcome, timezone.now()))
        else:
            self._finished.append(SettledMessage(delivery, outcome))
        self._on_the_way.discard(asyncio.current_task())
        self._answered.set()

    def _learn(self, outcome: Outcome, place: int) -> None:
        now = asyncio.get_running_loop().time()
        self._pace.note_answer(place, now)
        if outcome.retry_after_seconds is not None:
            self._pace.wait(outcome.retry_after_seconds, now)
        elif outcome.fate in (Fate.RETRY, Fate.UNCERTAIN):
            self._pace.note_trouble(now)
        else:
            self._pace.note_success()
        if outcome.fate is Fate.HALT:
            self._halt_reason = outcome.reason

    def _learn_of_broadcast(self, delivery: Claimed, outcome: Outcome) -> None:
        if outcome.fate is Fate.SENT and outcome.file_id:
            self._remember_picture(delivery.broadcast_id, outcome.file_id)
        self._refusals_in_a_row = self._refusals_in_a_row + 1 if outcome.fate is Fate.FAILED else 0
        if self._refusals_in_a_row >= REFUSALS_IN_A_ROW:
            self._halt_reason = outcome.reason

    def _remember_picture(self, broadcast_id: int, file_id: str) -> None:
        """The platform has the picture now; the others get the same one without its being uploaded again."""
        call = self._calls[broadcast_id]
        if call.files:
            self._calls[broadcast_id] = Call(call.method, {**call.arguments, "photo": file_id})

    async def _settle_in_turns(self) -> None:
        while True:
            await asyncio.sleep(SETTLE_EVERY_SECONDS)
            with suppress(*DATABASE_AWAY):
                await self._settle()

    async def _settle_for_good(self) -> None:
        """What is known must not become uncertain for want of a database: wait for it."""
        while self._finished:
            try:
                await self._settle()
            except DATABASE_AWAY:
                await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _settle(self) -> None:
        batch = list(self._finished)
        if batch:
            await sync_to_async(_put_down)(batch)
            for _settled in batch:
                self._finished.popleft()


def _load_call(broadcast_id: int) -> Call:
    return call_of(Broadcast.objects.select_related("picture").get(pk=broadcast_id))


def _put_down(batch: list[Settled | SettledMessage]) -> None:
    now = timezone.now()
    try:
        settle_messages([settled for settled in batch if isinstance(settled, SettledMessage)], now)
        settle([settled for settled in batch if isinstance(settled, Settled)], now)
    except DATABASE_AWAY:
        connection.close_if_unusable_or_obsolete()
        raise
