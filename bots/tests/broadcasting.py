"""Broadcasts for tests: a bot at a test server, its people, and a broadcast that is about to begin."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.utils import timezone

from accounts.testing import make_candidate
from bots.models import Bot, BotUser, Broadcast, BroadcastDelivery
from bots.sending.dispatcher import Dispatcher
from bots.services.bots import create_bot
from bots.services.broadcast_runs import start_broadcast
from bots.services.broadcasts import BroadcastContent, create_broadcast, submit_broadcast
from bots.testing.bot_api.limits import NO_LIMITS, Limits
from bots.testing.bot_api.people import Person
from bots.testing.bot_api.server import BotApiServer
from plans.models import Plan, Subscription

TOKEN = "100:broadcasts"
OTHER_TOKEN = "200:broadcasts"


@pytest.fixture
def telegram(settings: Any) -> Iterator[BotApiServer]:
    """A platform that lets bots send as fast as they like."""
    yield from serve(settings, NO_LIMITS)


@pytest.fixture
def strict_telegram(settings: Any) -> Iterator[BotApiServer]:
    """A platform with Telegram's limits."""
    yield from serve(settings, Limits())


def serve(settings: Any, limits: Limits) -> Iterator[BotApiServer]:
    with ThreadPoolExecutor(1) as thread:  # in a browser's test, this thread has an event loop already
        made = thread.submit(BotApiServer, TOKEN, OTHER_TOKEN, limits=limits).result()
    with made as running:
        settings.BOT_API_SERVERS = [running.root]
        yield running


def make_bot(server: BotApiServer, *, slug: str = "tehran", token: str = TOKEN, broadcasts: int = 100) -> Bot:
    """A bot at the server, of a candidate of its own whose plan allows so many broadcasts a month."""
    candidate = make_candidate(slug)
    plan, _made = Plan.objects.get_or_create(
        code=f"plan-{broadcasts}", name_fa="پایه", name_en="Basic", entitlements={"broadcasts": broadcasts}
    )
    Subscription.objects.create(candidate=candidate, plan=plan, price_rials=1)
    return create_bot(candidate=candidate, slug=slug, name=slug, token=token, api_root=server.root, actor=None)


def add_people(bot: Bot, numbers: Any, server: BotApiServer | None = None, **fields: Any) -> list[BotUser]:
    """People of a bot, known to the platform, too, where a server is given."""
    now = timezone.now()
    people = [
        BotUser(bot=bot, platform_user_id=number, first_name="مریم", first_seen_at=now, last_seen_at=now, **fields)
        for number in numbers
    ]
    if server:
        server.add_people([Person(id=number) for number in numbers], token=bot.token)
    return BotUser.objects.bulk_create(people)


def make_broadcast(bot: Bot, *, text: str = "سلام", actor: Any = None, **content: Any) -> Broadcast:
    """A draft to everybody of a bot."""
    wanted = BroadcastContent(candidate=bot.candidate, bot=bot, title="News", text=text, **content)
    return create_broadcast(content=wanted, actor=actor)


def begin(bot: Bot, **content: Any) -> Broadcast:
    """A broadcast that is being sent."""
    broadcast = make_broadcast(bot, **content)
    submit_broadcast(broadcast_id=broadcast.pk, actor=None)
    return start_broadcast(broadcast_id=broadcast.pk, actor=None)


def send_all(*, answer_seconds: float = 20) -> None:
    """Let a sender work until nothing is left that may go now.

    In a thread of its own: a browser's test leaves an event loop running in this one.
    """

    def work() -> None:
        try:
            async_to_sync(Dispatcher(until_idle=True, answer_seconds=answer_seconds).run)()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(work).result()


def states(broadcast: Broadcast) -> dict[str, int]:
    """How many deliveries stand in each state."""
    return dict(Counter(broadcast.deliveries.values_list("state", flat=True)))


def chats_reached(server: BotApiServer) -> list[int]:
    """The chat of each message that people have seen, as often as they have seen it."""
    found: list[int] = []
    after = 0
    while page := server.shown(after=after):
        found += [shown["chat_id"] for shown in page]
        after = page[-1]["number"]
    return found


def counts_agree(broadcast: Broadcast) -> bool:
    """Whether the broadcast's own counts are those of its deliveries."""
    broadcast.refresh_from_db()
    found = states(broadcast)
    settled = {state: getattr(broadcast, f"{state}_count") for state in BroadcastDelivery.SETTLED}
    waiting = found.get("queued", 0) + found.get("sending", 0)
    return broadcast.waiting_count == waiting and all(found.get(state, 0) == count for state, count in settled.items())
