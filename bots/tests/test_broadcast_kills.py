"""Senders that are killed, restarted and doubled: nobody gets a message twice, and nobody is forgotten.

`BROADCAST_KILL_ROUNDS=1000 pytest -n0 bots/tests/test_broadcast_kills.py` kills as often as that.
"""

import os
import random
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from time import sleep

import pytest
from constance import config
from django.db import connection

from bots.tests.broadcasting import (
    OTHER_TOKEN,
    add_people,
    begin,
    chats_reached,
    counts_agree,
    make_bot,
    states,
)
from common.environment import PROJECT_DIR
from common.testing.gunicorn_server import database_url
from common.testing.processes import PYTHON, wait_until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
ROUNDS = int(os.environ.get("BROADCAST_KILL_ROUNDS", "3"))
PEOPLE_PER_ROUND = 150


@contextmanager
def sender(*options: str) -> Iterator[subprocess.Popen[bytes]]:
    """A sender as a process of its own."""
    environment = {**os.environ, "DATABASE_URL": database_url(), "ELECTIONSITE_ENVIRONMENT": "development"}
    process = subprocess.Popen([PYTHON, "manage.py", "send_broadcasts", *options], cwd=PROJECT_DIR, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait(30)


@pytest.fixture
def quick_pace() -> None:
    config.BROADCAST_MESSAGES_PER_SECOND = 100
    config.BROADCAST_APPROVAL_PEOPLE = ROUNDS * PEOPLE_PER_ROUND


def test_killed_at_random_points_it_doubles_nobody_and_forgets_nobody(telegram, quick_pace):
    bot = make_bot(telegram)
    add_people(bot, range(1, ROUNDS * PEOPLE_PER_ROUND + 1), telegram)
    broadcast = begin(bot)
    chance = random.Random(7)

    for _round in range(ROUNDS):
        has_moved = moves_on(telegram, broadcast)
        with sender() as process:
            wait_for(process, has_moved)
            sleep(chance.uniform(0, 0.8))  # any moment between two statements is as good as another
            process.send_signal(signal.SIGKILL)
    with sender() as process:
        wait_for(process, lambda: is_over(broadcast), 60 + 5 * ROUNDS)  # most are still to be sent

    reached = chats_reached(telegram)
    sent = set(broadcast.deliveries.filter(state="sent").values_list("bot_user__platform_user_id", flat=True))
    uncertain = set(broadcast.deliveries.filter(state="uncertain").values_list("bot_user__platform_user_id", flat=True))
    assert len(reached) == len(set(reached))
    assert sent <= set(reached) <= sent | uncertain
    assert len(sent) + len(uncertain) == ROUNDS * PEOPLE_PER_ROUND
    assert counts_agree(broadcast)


def test_two_senders_double_nobody(telegram, quick_pace):
    bots = [make_bot(telegram), make_bot(telegram, slug="other", token=OTHER_TOKEN)]
    broadcasts = []
    for number, bot in enumerate(bots):
        add_people(bot, range(number * 1000 + 1, number * 1000 + 201), telegram)
        broadcasts.append(begin(bot))

    with ExitStack() as running:
        _first, second = (running.enter_context(sender()) for _number in range(2))
        wait_for(second, lambda: all(map(is_over, broadcasts)))

    assert [states(broadcast) for broadcast in broadcasts] == [{"sent": 200}, {"sent": 200}]
    assert len(chats_reached(telegram)) == 400


def test_asked_to_end_it_waits_for_what_is_on_its_way(telegram):
    bot = make_bot(telegram)
    add_people(bot, range(1, 61), telegram)
    telegram.slow_down(0.5)
    broadcast = begin(bot)

    with sender() as process:
        wait_for(process, lambda: telegram.shown_count() > 0)
        process.terminate()
        assert process.wait(30) == 0

    found = states(broadcast)
    assert found.keys() == {"sent", "queued"}
    assert found["sent"] == len(chats_reached(telegram))


def test_until_idle_it_ends_by_itself(telegram):
    bot = make_bot(telegram)
    add_people(bot, [1, 2], telegram)
    broadcast = begin(bot)

    with sender("--until-idle") as process:
        assert process.wait(60) == 0

    assert states(broadcast) == {"sent": 2}


def test_a_lost_session_of_the_database_doubles_nobody(telegram, quick_pace):
    bot = make_bot(telegram)
    add_people(bot, range(1, 301), telegram)
    broadcast = begin(bot)

    with sender() as process:
        wait_for(process, lambda: telegram.shown_count() > 20)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        wait_for(process, lambda: is_over(broadcast))

    reached = chats_reached(telegram)
    assert len(reached) == len(set(reached)) == 300
    assert counts_agree(broadcast)


def wait_for(process: subprocess.Popen[bytes], condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until the condition holds, while the sender runs."""
    assert wait_until(lambda: process.poll() is not None or condition(), seconds)
    assert process.poll() is None


def moves_on(telegram, broadcast) -> Callable[[], bool]:
    """Asks whether more was sent since now, or nothing is left to send."""
    before = telegram.shown_count()
    return lambda: telegram.shown_count() > before or is_over(broadcast)


def is_over(broadcast) -> bool:
    broadcast.refresh_from_db()
    return broadcast.finished_at is not None
