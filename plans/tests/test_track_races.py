"""Release tracks when several act at the same moment, in real threads on PostgreSQL."""

import threading
from functools import partial

import pytest
from django.db import connection, transaction

from accounts.roles import Role
from accounts.testing import make_staff
from common.errors import DomainError
from plans.models import Plan
from plans.services.track_steps import approve_step, take_step
from plans.services.tracks import StepContent, add_step, change_step, create_track, pause_track
from plans.tasks import tick_tracks
from plans.testing import make_plan
from plans.tests.tracks import make_track, on_sale, state_of, step_of, times_put_on_sale
from plans.tracks import content_hash, standing_approval

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("watch")]

ROUNDS = 8


def at_once(*calls):
    """Run the calls in threads that start together; gives what they returned, or the code of their refusal."""
    ready = threading.Barrier(len(calls))
    results: list[object] = [None] * len(calls)

    def run(number, call):
        ready.wait()
        try:
            results[number] = call()
        except DomainError as error:
            results[number] = error.code
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_any_number_of_ticks_at_once_take_a_step_once() -> None:
    make_track(waiting_days=14)
    assert sorted(at_once(*[tick_tracks] * 6)) == [0] * 5 + [1]
    assert on_sale() == ["basic"]
    assert times_put_on_sale("basic") == 1


def test_a_tick_and_somebody_by_hand_take_a_step_once() -> None:
    make_track(waiting_days=14)
    step_id = step_of("basic").pk
    at_once(tick_tracks, lambda: take_step(step_id=step_id, actor=None))
    assert times_put_on_sale("basic") == 1
    assert on_sale() == ["basic"]


def test_a_track_that_is_being_paused_is_left_alone_by_the_tick() -> None:
    track = make_track()
    with transaction.atomic():
        pause_track(track_id=track.pk, actor=None)
        assert at_once(tick_tracks) == [0]
    assert at_once(tick_tracks) == [0]
    assert on_sale() == []


def test_a_tick_against_a_pause_takes_the_step_wholly_or_not_at_all() -> None:
    track = make_track()
    taken, paused = at_once(tick_tracks, lambda: pause_track(track_id=track.pk, actor=None))
    assert on_sale() == ["basic"] * taken
    assert (step_of("basic").taken_at is not None) == bool(taken)
    assert paused == track
    assert state_of(track) == "paused"
    assert tick_tracks() == 0


def test_approving_against_editing_never_approves_what_was_not_seen() -> None:
    author, second = (make_staff(Role.RELEASE_MANAGER, username=name) for name in ("author", "second"))
    make_track(author=author, needs_second_person=True, codes=["basic"])
    for number in range(1, ROUNDS + 1):
        step = step_of("basic")
        approve = partial(approve_step, step_id=step.pk, seen_hash=content_hash(step), actor=second)
        content = StepContent(plan_code="basic", needs_second_person=True, waiting_days=number)
        edit = partial(change_step, step_id=step.pk, content=content, actor=author)
        approved, _edited, _taken = at_once(approve, edit, tick_tracks)
        now = step_of("basic")
        if now.taken_at:  # between the approval and the edit, which was refused then
            assert now.waiting_days == number - 1 or number == 1
            break
        assert standing_approval(now) is None, approved
        assert on_sale() == []


def test_a_price_that_changes_during_the_approval_is_not_put_on_sale() -> None:
    author, second = (make_staff(Role.RELEASE_MANAGER, username=name) for name in ("author", "second"))
    make_track(author=author, needs_second_person=True, codes=["basic"])
    step = step_of("basic")
    approve_step(step_id=step.pk, seen_hash=content_hash(step), actor=second)
    outcome: list[object] = []
    with transaction.atomic():
        Plan.objects.filter(code="basic").update(price_rials=7)
        ticking = threading.Thread(target=lambda: outcome.extend(at_once(tick_tracks)))
        ticking.start()
        ticking.join(0.5)  # it waits for the plan
        assert not outcome
    ticking.join(20)
    assert outcome == [0]
    assert on_sale() == []


def test_two_who_put_one_plan_onto_two_tracks_at_once_are_told_that_it_is_on_one() -> None:
    make_plan("basic")
    tracks = [create_track(name=name, actor=None) for name in ("one", "two")]
    content = StepContent(plan_code="basic")
    results = at_once(*[partial(add_step, track_id=track.pk, content=content, actor=None) for track in tracks])
    assert results.count("plan-on-track") == 1
