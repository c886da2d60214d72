"""`manage.py migrate_users`: what an operator types and reads, and a process killed in the middle."""

import io
import os
import signal
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from audit.models import AuditLog
from common.environment import PROJECT_DIR
from plans.models import SubscriberMove, Subscription
from plans.testing import make_plan
from plans.tests.subscribers import (
    assert_accounted_for,
    environment_of_this_test,
    plans_of,
    subscribe_many,
    subscribe_very_many,
)

pytestmark = pytest.mark.django_db

# The process kills itself when its fourth part is changed and not committed: where a kill hurts most.
KILLED = """
import os, signal, sys
import django
django.setup()
from django.core.management import call_command
from plans import moving
moving.PART_SIZE = 10
run, parts = moving._change_at_once, 0
def change(*args):
    global parts
    parts += 1
    counts = run(*args)
    if parts == 4:
        os.kill(os.getpid(), signal.SIGKILL)
    return counts
moving._change_at_once = change
call_command("migrate_users", *sys.argv[1:])
"""


@pytest.fixture(autouse=True)
def english(monkeypatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture
def plans():
    return make_plan("basic", price_rials=100), make_plan("standard", price_rials=250)


def run(*arguments):
    out, error = io.StringIO(), io.StringIO()
    call_command("migrate_users", *arguments, stdout=out, stderr=error)
    return out.getvalue(), error.getvalue()


def killed_run(*arguments):
    """The command in a process of its own, on this test's database, that is killed in the middle of its fourth part."""
    command = [sys.executable, "-c", KILLED, *arguments]
    done = subprocess.run(command, env=environment_of_this_test(), cwd=PROJECT_DIR, capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()


def test_a_move_tells_its_number_its_counts_and_until_when_it_can_be_undone(plans):
    subscriptions = subscribe_many(plans[0], 3)

    out, error = run("basic", "standard", "--reason=promotion")

    move = SubscriberMove.objects.get()
    assert f"Move {move.pk} is done: of 3, 3 moved, 0 skipped, 0 failed." in out
    assert f"with --undo {move.pk}" in out
    assert f"go on with --resume {move.pk}" in error
    assert (move.reason, set(plans_of(subscriptions))) == ("promotion", {"standard"})


def test_a_dry_run_tells_what_would_happen_and_does_nothing(plans):
    subscriptions = subscribe_many(plans[0], 3)

    out, _error = run("basic", "standard", "--dry-run")

    assert "3 subscribers would be moved from basic to standard." in out
    assert "+150" in out
    assert str(subscriptions[0].candidate) in out
    assert not SubscriberMove.objects.exists()


def test_undo_moves_back(plans):
    subscriptions = subscribe_many(plans[0], 3)
    run("basic", "standard", "--reason=promotion")
    number = SubscriberMove.objects.get().pk

    out, _error = run(f"--undo={number}", "--reason=by mistake")

    assert f"Move {number} is undone: 3 of 3 moved back, 0 stay." in out
    assert set(plans_of(subscriptions)) == {"basic"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Name the old and the new plan"),
        (("basic",), "Name the old and the new plan"),
        (("basic", "standard", "--resume=1"), "Name the old and the new plan"),
        (("basic", "standard"), "Say why"),
        (("basic", "nowhere", "--reason=x"), "no plan with the code nowhere"),
        (("basic", "basic", "--dry-run"), "are the same"),
        (("--resume=77",), "no move with the number 77"),
        (("--undo=77", "--reason=x"), "no move with the number 77"),
    ],
)
def test_what_cant_be_done_ends_with_words(plans, arguments, words):
    with pytest.raises(CommandError, match=words) as refused:
        run(*arguments)

    assert refused.value.returncode == 1


def test_it_fails_when_somebody_could_not_be_moved(plans):
    subscriptions = subscribe_many(plans[0], 3)
    with connection.cursor() as cursor:
        rule = f"CHECK (NOT (id = {subscriptions[1].pk} AND plan_id = {plans[1].pk}))"
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE plans_subscription ADD CONSTRAINT not_this_one {rule}")

    with pytest.raises(CommandError, match="could not be moved"):
        run("basic", "standard", "--reason=x")

    assert plans_of(subscriptions) == ["standard", "basic", "standard"]


def test_ctrl_c_ends_with_130_and_says_how_to_go_on(plans, monkeypatch):
    subscribe_many(plans[0], 1)

    def stop(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr("plans.moving._change_at_once", stop)
    with pytest.raises(CommandError, match="go on with --resume") as stopped:
        run("basic", "standard", "--reason=x")

    assert stopped.value.returncode == 130


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_move_killed_in_the_middle_of_a_part_is_resumed_without_loss(plans):
    subscriptions = subscribe_many(plans[0], 95)

    killed_run("basic", "standard", "--reason=promotion")

    move = SubscriberMove.objects.get()
    assert (move.state, move.before_count, move.moved_count) == ("running", 95, 30)
    assert plans_of(subscriptions) == ["standard"] * 30 + ["basic"] * 65
    run(f"--resume={move.pk}")
    move.refresh_from_db()
    assert_accounted_for(move, expected=95)
    assert (move.state, set(plans_of(subscriptions))) == ("done", {"standard"})
    assert AuditLog.objects.filter(action__startswith="plans.subscriber_move.").count() == 2


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_an_undoing_killed_in_the_middle_of_a_part_is_resumed_without_loss(plans):
    subscriptions = subscribe_many(plans[0], 95)
    run("basic", "standard", "--reason=promotion")
    number = SubscriberMove.objects.get().pk

    killed_run(f"--undo={number}", "--reason=by mistake")

    assert plans_of(subscriptions) == ["basic"] * 30 + ["standard"] * 65
    run(f"--resume={number}")
    move = SubscriberMove.objects.get()
    assert_accounted_for(move, expected=95)
    assert (move.state, move.returned_count, set(plans_of(subscriptions))) == ("undone", 95, {"basic"})


@pytest.mark.slow
def test_very_many_subscribers_are_moved_and_moved_back_and_accounted_for(plans):
    """A hundred thousand, or as many as MOVED_SUBSCRIBERS says: 1000000 takes minutes."""
    count = int(os.environ.get("MOVED_SUBSCRIBERS", "100000"))
    subscribe_very_many(plans[0], count)

    out, _error = run("basic", "standard", "--reason=promotion")

    assert f"of {count}, {count} moved, 0 skipped, 0 failed." in out
    assert Subscription.objects.filter(plan=plans[1], ended_at=None).count() == count
    move = SubscriberMove.objects.get()
    assert_accounted_for(move, expected=count)
    run(f"--undo={move.pk}", "--reason=by mistake")
    move.refresh_from_db()
    assert_accounted_for(move, expected=count)
    assert Subscription.objects.filter(plan=plans[0], ended_at=None).count() == count
