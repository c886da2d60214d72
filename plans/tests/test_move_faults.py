"""A move whose worker dies, whose task comes twice or gets lost: it comes to its end, and nobody is moved twice."""

import datetime as dt
import os
import random
import signal
import subprocess
import sys
from uuid import uuid4

import pytest
from django.utils import timezone

from audit.models import AuditLog
from common.environment import PROJECT_DIR
from common.testing.processes import wait_until
from plans.models import SubscriberMove
from plans.services.moves import queue_move, queue_undo
from plans.tasks import resume_moves, run_move
from plans.testing import make_plan
from plans.tests.subscribers import (
    assert_accounted_for,
    environment_of_this_test,
    move,
    plans_of,
    subscribe_many,
    subscribe_very_many,
)

pytestmark = pytest.mark.django_db

# Parts are small, so that there are many points to die at.
RUNS = """
import sys
import django
django.setup()
from plans import moving
from plans.tasks import run_move
moving.PART_SIZE = 20
print("ready", flush=True)
run_move(move_id=int(sys.argv[1]))
"""
# With `dies` the worker is killed by the kernel's way, with no chance to hand anything back, in its fourth part.
WORKER = """
import os, signal, sys
from electionsite.celery import app
import django
django.setup()
from plans import moving
moving.PART_SIZE = 10
change, parts = moving._change_at_once, 0
def change_and_die(*args):
    global parts
    parts += 1
    counts = change(*args)
    if parts == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return counts
if sys.argv[2] == "dies":
    moving._change_at_once = change_and_die
app.worker_main(["worker", "--pool=solo", "--queues", sys.argv[1], "--without-gossip", "--without-mingle"])
"""


@pytest.fixture
def basic():
    make_plan("standard", price_rials=250)
    return make_plan("basic", price_rials=100)


@pytest.fixture
def given_to_workers(monkeypatch):
    moves = []
    monkeypatch.setattr(run_move, "apply_async", lambda kwargs, expires: moves.append(kwargs["move_id"]))
    return moves


def queued():
    return queue_move(old_code="basic", new_code="standard", reason="promotion", actor=None)


def stand_still(number):
    SubscriberMove.objects.filter(pk=number).update(progressed_at=timezone.now() - dt.timedelta(minutes=3))


def start(program, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        env=environment_of_this_test(),
        cwd=PROJECT_DIR,
        stdout=subprocess.PIPE,
    )


def test_a_task_that_comes_twice_moves_nobody_twice(basic):
    subscriptions = subscribe_many(basic, 3)
    waiting = queued()

    run_move(move_id=waiting.pk)
    run_move(move_id=waiting.pk)

    waiting.refresh_from_db()
    assert_accounted_for(waiting, expected=3)
    assert (waiting.moved_count, set(plans_of(subscriptions))) == (3, {"standard"})
    assert AuditLog.objects.filter(action="plans.subscriber_move.finish").count() == 1


def test_a_move_that_stands_still_is_given_to_a_worker(basic, given_to_workers):
    lost, progressing = queued(), queued()
    stand_still(lost.pk)

    assert resume_moves() == 1

    assert given_to_workers == [lost.pk]
    assert progressing.state == "queued"


def test_an_undoing_that_stands_still_is_given_to_a_worker(basic, given_to_workers):
    subscribe_many(basic, 1)
    done = move()
    queue_undo(move_id=done.pk, reason="by mistake", actor=None)
    assert resume_moves() == 0
    stand_still(done.pk)

    assert resume_moves() == 1

    assert given_to_workers == [done.pk]


def test_a_move_at_its_end_is_left_alone(basic, given_to_workers):
    stand_still(move().pk)

    assert resume_moves() == 0


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_killed_at_random_moments_it_loses_and_doubles_nobody(basic):
    """Three times, or as often as MOVE_KILLS says."""
    count, kills = 4_000, int(os.environ.get("MOVE_KILLS", "3"))
    subscribe_very_many(basic, count)
    waiting = queued()
    for _kill in range(kills):
        process = start(RUNS, waiting.pk)
        assert process.stdout.readline() == b"ready\n"
        try:
            process.wait(timeout=random.uniform(0.02, 0.3))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        process.stdout.close()
        assert_nobody_between(waiting)

    run_move(move_id=waiting.pk)

    waiting.refresh_from_db()
    assert_accounted_for(waiting, expected=count)
    assert (waiting.state, waiting.moved_count) == ("done", count)
    assert waiting.new_plan.subscriptions.count() == count


def assert_nobody_between(running):
    running.refresh_from_db()
    assert running.new_plan.subscriptions.count() == running.moved_count == running.rows.count()
    in_parts = sum(len(part.subscription_ids) for part in running.parts.all())
    assert running.before_count == running.moved_count + in_parts


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_leaves_its_move_to_the_next(basic, monkeypatch):
    subscriptions = subscribe_many(basic, 95)
    waiting = queued()
    queue = f"test-{uuid4()}"
    monkeypatch.setattr(run_move, "queue", queue, raising=False)

    run_move.delay(move_id=waiting.pk)
    killed = start(WORKER, queue, "dies")
    assert killed.wait(timeout=60) == -signal.SIGKILL
    killed.stdout.close()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.moved_count) == ("running", 30)

    stand_still(waiting.pk)
    assert resume_moves() == 1
    next_one = start(WORKER, queue, "lives")
    try:
        assert wait_until(lambda: SubscriberMove.objects.get().state == "done", 60)
    finally:
        next_one.terminate()
        next_one.wait(30)
        next_one.stdout.close()

    waiting.refresh_from_db()
    assert_accounted_for(waiting, expected=95)
    assert set(plans_of(subscriptions)) == {"standard"}
    assert AuditLog.objects.filter(action="plans.subscriber_move.finish").count() == 1
