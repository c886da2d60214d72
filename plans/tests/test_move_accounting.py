"""Moves under all that can come in between: nobody is lost, nobody is doubled, nobody is moved by two."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.models import AuditLog
from common.errors import DomainError
from plans import moving
from plans.models import Subscription
from plans.services.moves import queue_move, resume_move
from plans.testing import make_plan
from plans.tests.subscribers import assert_accounted_for, end, move, plans_of, run_to_the_end, subscribe_many, undo

pytestmark = pytest.mark.django_db


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    before=st.lists(st.sampled_from(["basic", "standard", "premium", "ended"]), max_size=12),
    part_size=st.integers(1, 5),
    steps=st.lists(
        st.tuples(st.integers(1, 12), st.integers(0, 11), st.sampled_from(["end", "basic", "standard", "premium"])),
        max_size=6,
    ),
    stops_after=st.integers(0, 12),
    then_undo=st.booleans(),
)
def test_whatever_happens_everybody_is_accounted_for(monkeypatch, before, part_size, steps, stops_after, then_undo):
    """before = moved + skipped + failed, nobody is lost or doubled, and only the plan of those moved is changed."""
    monkeypatch.setattr(moving, "PART_SIZE", part_size)
    with transaction.atomic():
        plans = {code: make_plan(code) for code in ("basic", "standard", "premium")}
        subscriptions = []
        for code in before:
            (made,) = subscribe_many(plans["basic" if code == "ended" else code], 1)
            if code == "ended":
                end(made.pk)
            subscriptions.append(made)

        def meanwhile(handled, _total):
            for when, which, what in steps:
                if when == handled and which < len(subscriptions):
                    number = subscriptions[which].pk
                    end(number) if what == "end" else Subscription.objects.filter(pk=number).update(plan=plans[what])
            if handled == stops_after:
                raise KeyboardInterrupt

        done = run_to_the_end(lambda: move(on_progress=meanwhile))
        if then_undo:
            done = run_to_the_end(lambda: undo(done, on_progress=meanwhile))

        assert_accounted_for(done, expected=before.count("basic"))
        assert Subscription.objects.count() == len(subscriptions)
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("_round", range(3))
def test_two_moves_of_one_subscriber_at_once_do_not_both_win(_round, monkeypatch):
    monkeypatch.setattr(moving, "PART_SIZE", 7)
    basic, targets = make_plan("basic"), ["standard", "premium"]
    for code in targets:
        make_plan(code)
    subscriptions = subscribe_many(basic, 60)
    moves = [queue_move(old_code="basic", new_code=code, reason="race", actor=None) for code in targets]
    for queued in moves:
        moving.take_subscribers(queued.pk)
    start = Barrier(2)

    def run(queued):
        try:
            start.wait()
            return resume_move(move_id=queued.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(run, moves))

    for finished in done:
        assert_accounted_for(finished, expected=60)
    assert sum(finished.moved_count for finished in done) == 60
    found = plans_of(subscriptions)
    assert [found.count(code) for code in targets] == [finished.moved_count for finished in done]


@pytest.mark.django_db(transaction=True)
def test_several_workers_at_one_move_do_each_part_once(monkeypatch):
    monkeypatch.setattr(moving, "PART_SIZE", 7)
    basic = make_plan("basic")
    make_plan("standard")
    subscriptions = subscribe_many(basic, 60)
    queued = queue_move(old_code="basic", new_code="standard", reason="race", actor=None)
    start = Barrier(4)

    def run(_worker):
        try:
            start.wait()
            resume_move(move_id=queued.pk)
        except DomainError as error:
            return error.code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(run, range(4))) <= {None, "move-finished"}

    queued.refresh_from_db()
    assert_accounted_for(queued, expected=60)
    assert set(plans_of(subscriptions)) == {"standard"}
    assert AuditLog.objects.filter(action="plans.subscriber_move.finish").count() == 1
