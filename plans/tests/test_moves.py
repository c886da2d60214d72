"""Moving everybody from one plan to another: who is moved, who isn't and why, and the way back."""

import datetime as dt

import pytest
import time_machine
from constance import config
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff
from audit.models import AuditLog
from common.errors import DomainError
from plans import moving
from plans.models import Plan, Stage, SubscriberMove, Subscription
from plans.services import retire_plan
from plans.services.moves import (
    migrate_users_to_new_plan,
    preview_move,
    queue_move,
    queue_undo,
    resume_move,
    undo_move,
)
from plans.testing import make_plan
from plans.tests.subscribers import counts_of, move, outcomes_of, plans_of, subscribe_many, undo

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def basic():
    return make_plan("basic", price_rials=100)


@pytest.fixture
def standard():
    return make_plan("standard", price_rials=250)


def test_everybody_on_the_old_plan_is_moved_and_nothing_else_changes(basic, standard):
    ended = Subscription.objects.create(candidate=make_candidate(), plan=basic, price_rials=80, ended_at=timezone.now())
    other = Subscription.objects.create(candidate=make_candidate(), plan=make_plan("premium"), price_rials=70)
    moved = subscribe_many(basic, 3)

    done = move()

    assert (done.state, counts_of(done)) == ("done", (3, 3, 0, 0))
    assert plans_of([*moved, ended, other]) == ["standard"] * 3 + ["basic", "premium"]
    after = Subscription.objects.get(pk=moved[0].pk)
    assert (after.price_rials, after.started_at, after.ended_at) == (90, moved[0].started_at, None)
    assert outcomes_of(done, moved) == [("moved", "")] * 3


def test_begin_and_end_are_in_the_audit_log_with_counts_and_no_row_per_subscriber(basic, standard):
    owner = make_staff(Role.OWNER)
    subscribe_many(basic, 5)
    before = AuditLog.objects.count()

    done = migrate_users_to_new_plan(old_code="basic", new_code="standard", reason="promotion", actor=owner)

    start, finish = AuditLog.objects.order_by("pk")[before:]
    assert (start.action, start.actor_id) == ("plans.subscriber_move.start", owner.pk)
    assert start.details == {"old_plan": "basic", "new_plan": "standard", "reason": "promotion"}
    assert (finish.action, finish.object_id) == ("plans.subscriber_move.finish", str(done.pk))
    assert finish.details == {"before_count": 5, "moved_count": 5, "skipped_count": 0, "failed_count": 0}


def test_the_preview_tells_what_would_happen_and_changes_nothing(basic, standard):
    subscriptions = subscribe_many(basic, 25)

    preview = preview_move(old_code="basic", new_code="standard")

    assert (preview.subscribers, preview.price_difference_rials) == (25, 150)
    assert preview.first == subscriptions[:20]
    assert set(plans_of(subscriptions)) == {"basic"}
    assert not SubscriberMove.objects.exists()


@pytest.mark.parametrize(
    ("old", "new", "reason", "code"),
    [
        ("basic", "basic", "why", "same-plan"),
        ("nowhere", "standard", "why", "plan-not-found"),
        ("basic", "nowhere", "why", "plan-not-found"),
        ("basic", "retired", "why", "plan-retired"),
        ("basic", "free", "why", "no-price"),
        ("basic", "standard", "  ", "reason-missing"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(basic, standard, old, new, reason, code):
    make_plan("retired", stage=Stage.RETIRED)
    make_plan("free", price_rials=None)

    with pytest.raises(DomainError) as refused:
        migrate_users_to_new_plan(old_code=old, new_code=new, reason=reason, actor=None)

    assert refused.value.code == code
    assert not SubscriberMove.objects.exists()


def test_a_retired_plan_can_be_left(standard):
    subscribe_many(make_plan("old", stage=Stage.RETIRED), 1)

    assert move("old").moved_count == 1


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.OWNER, Role.RELEASE_MANAGER)])
def test_only_owners_and_release_managers_move_subscribers(basic, standard, role):
    with pytest.raises(DomainError) as refused:
        queue_move(old_code="basic", new_code="standard", reason="why", actor=make_staff(role))

    assert refused.value.code == "not-allowed"


def test_who_is_limited_to_some_candidates_moves_nobody(basic, standard):
    owner = make_staff(Role.OWNER, candidates=[])

    with pytest.raises(DomainError) as refused:
        queue_move(old_code="basic", new_code="standard", reason="why", actor=owner)

    assert refused.value.code == "not-allowed"


def test_who_ends_or_leaves_meanwhile_is_skipped_and_it_says_why(basic, standard, monkeypatch):
    monkeypatch.setattr(moving, "PART_SIZE", 1)
    _first, ending, leaving, moving_ahead = subscriptions = subscribe_many(basic, 4)
    premium = make_plan("premium")

    def meanwhile(handled, _total):
        if handled == 1:
            Subscription.objects.filter(pk=ending.pk).update(ended_at=timezone.now())
            Subscription.objects.filter(pk=leaving.pk).update(plan=premium)
            Subscription.objects.filter(pk=moving_ahead.pk).update(plan=standard)

    done = move(on_progress=meanwhile)

    assert counts_of(done) == (4, 1, 3, 0)
    why = ["", "ended", "other-plan", "there-already"]
    assert outcomes_of(done, subscriptions) == [("moved", ""), *(("skipped", word) for word in why[1:])]
    assert plans_of(subscriptions) == ["standard", "basic", "premium", "standard"]


def test_one_whom_the_database_refuses_fails_alone_and_it_says_why(basic, standard):
    subscriptions = subscribe_many(basic, 9)
    with connection.cursor() as cursor:
        rule = f"CHECK (NOT (id = {subscriptions[4].pk} AND plan_id = {standard.pk}))"
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE plans_subscription ADD CONSTRAINT not_this_one {rule}")

    done = move()

    assert counts_of(done) == (9, 8, 0, 1)
    outcome, why = outcomes_of(done, subscriptions)[4]
    assert (outcome, plans_of(subscriptions)[4]) == ("failed", "basic")
    assert "not_this_one" in why
    assert "\n" not in why


@pytest.mark.parametrize(
    ("change", "why"), [({"stage": Stage.RETIRED}, "plan-retired"), ({"price_rials": None}, "no-price")]
)
def test_a_new_plan_that_nobody_can_get_any_more_stops_the_move_and_it_says_why(
    basic, standard, monkeypatch, change, why
):
    monkeypatch.setattr(moving, "PART_SIZE", 2)
    subscriptions = subscribe_many(basic, 5)

    def meanwhile(handled, _total):
        if handled == 2:
            values = {"is_available_for_purchase": False} if "stage" in change else {}
            Plan.objects.filter(pk=standard.pk).update(**change, **values)

    done = move(on_progress=meanwhile)

    assert (done.state, counts_of(done)) == ("done", (5, 2, 0, 3))
    assert outcomes_of(done, subscriptions) == [("moved", "")] * 2 + [("failed", why)] * 3
    assert plans_of(subscriptions) == ["standard"] * 2 + ["basic"] * 3


def test_a_move_that_waited_until_its_new_plan_was_retired_moves_nobody(basic, standard):
    subscriptions = subscribe_many(basic, 3)
    waiting = queue_move(old_code="basic", new_code="standard", reason="why", actor=None)
    retire_plan(plan_code="standard", reason="a mistake", actor=None)

    assert counts_of(resume_move(move_id=waiting.pk)) == (3, 0, 0, 3)
    assert set(plans_of(subscriptions)) == {"basic"}


def test_undoing_takes_people_back_to_a_plan_that_was_retired_meanwhile(basic, standard):
    subscriptions = subscribe_many(basic, 3)
    done = move()
    retire_plan(plan_code="basic", reason="nobody has it", actor=None)

    assert undo(done).returned_count == 3
    assert set(plans_of(subscriptions)) == {"basic"}


def test_who_buys_the_old_plan_after_the_beginning_stays_on_it(basic, standard, monkeypatch):
    monkeypatch.setattr(moving, "PART_SIZE", 1)
    subscribe_many(basic, 2)
    late = []

    done = move(on_progress=lambda handled, _total: late.extend(subscribe_many(basic, 1)))

    assert counts_of(done) == (2, 2, 0, 0)
    assert set(plans_of(late)) == {"basic"}


def test_progress_tells_how_many_have_been_through_and_how_many_there_are(basic, standard, monkeypatch):
    monkeypatch.setattr(moving, "PART_SIZE", 2)
    subscribe_many(basic, 5)
    told = []

    done = move(on_progress=lambda *numbers: told.append(numbers))
    undo(done, on_progress=lambda *numbers: told.append(numbers))

    assert told == [(2, 5), (4, 5), (5, 5)] * 2


def test_a_move_without_subscribers_is_done_at_once(basic, standard):
    assert (counts_of(done := move()), done.state) == ((0, 0, 0, 0), "done")


def test_a_move_that_was_stopped_goes_on_where_it_stood(basic, standard, monkeypatch):
    monkeypatch.setattr(moving, "PART_SIZE", 2)
    subscriptions = subscribe_many(basic, 5)

    def stop(_handled, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move(on_progress=stop)
    half = SubscriberMove.objects.get()
    assert (half.state, counts_of(half)) == ("running", (5, 2, 0, 0))

    done = resume_move(move_id=half.pk)

    assert (done.state, counts_of(done)) == ("done", (5, 5, 0, 0))
    assert set(plans_of(subscriptions)) == {"standard"}


def test_a_finished_move_is_not_run_again(basic, standard):
    done = move()

    with pytest.raises(DomainError) as refused:
        resume_move(move_id=done.pk)

    assert refused.value.code == "move-finished"


def test_a_move_that_isnt_there_is_refused_in_words():
    for act in (lambda: resume_move(move_id=7), lambda: undo_move(move_id=7, reason="why", actor=None)):
        with pytest.raises(DomainError) as refused:
            act()
        assert refused.value.code == "move-not-found"


def test_undoing_moves_back_those_who_are_still_there_because_of_the_move(basic, standard):
    back, ended, gone = subscriptions = subscribe_many(basic, 3)
    native = subscribe_many(standard, 1)
    done = move()
    Subscription.objects.filter(pk=ended.pk).update(ended_at=timezone.now())
    Subscription.objects.filter(pk=gone.pk).update(plan=make_plan("premium"))

    undone = undo(done)

    assert (undone.state, undone.returned_count, undone.kept_count) == ("undone", 1, 2)
    assert counts_of(undone) == (3, 3, 0, 0)
    assert plans_of([*subscriptions, *native]) == ["basic", "standard", "premium", "standard"]
    assert outcomes_of(undone, [back, ended, gone]) == [("returned", ""), ("kept", "ended"), ("kept", "other-plan")]
    acts = AuditLog.objects.filter(action__startswith="plans.subscriber_move.und").order_by("pk")
    assert [act.details for act in acts] == [
        {"reason": "by mistake"},
        {"moved_count": 3, "returned_count": 1, "kept_count": 2},
    ]


def test_who_came_back_by_a_later_move_stays_when_the_first_is_undone(basic, standard):
    make_plan("premium")
    subscriptions = subscribe_many(basic, 1)
    first = move()
    move("standard", "premium")
    move("premium", "standard")

    undone = undo(first)

    assert outcomes_of(undone, subscriptions) == [("kept", "later-move")]
    assert plans_of(subscriptions) == ["standard"]


def test_moves_can_be_undone_one_after_the_other(basic, standard):
    make_plan("premium")
    subscriptions = subscribe_many(basic, 2)
    first, second = move(), move("standard", "premium")

    undo(second)
    undo(first)

    assert plans_of(subscriptions) == ["basic"] * 2


def test_undoing_is_possible_for_three_days_and_no_longer(basic, standard):
    subscribe_many(basic, 1)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        done = move()
        assert done.undo_until == done.finished_at + 72 * HOUR
        clock.shift(72 * HOUR)

        with pytest.raises(DomainError) as refused:
            undo(done)
        assert refused.value.code == "too-late-to-undo"

        clock.shift(-dt.timedelta(seconds=1))
        assert undo(done).returned_count == 1


def test_the_window_is_a_setting(basic, standard):
    config.MOVE_UNDO_HOURS = 1

    done = move()

    assert done.undo_until == done.finished_at + HOUR


def test_what_isnt_done_or_is_undone_cannot_be_undone(basic, standard):
    queued = queue_move(old_code="basic", new_code="standard", reason="why", actor=None)
    undone = undo(move())

    for number in (queued.pk, undone.pk):
        with pytest.raises(DomainError) as refused:
            queue_undo(move_id=number, reason="why", actor=None)
        assert refused.value.code == "move-not-done"


def test_what_rows_of_moves_name_is_never_deleted(basic, standard):
    (subscription,) = subscribe_many(basic, 1)
    done = move()

    for named in (Subscription.objects.filter(pk=subscription.pk), SubscriberMove.objects.filter(pk=done.pk)):
        with pytest.raises(DatabaseError), transaction.atomic():
            named._raw_delete(using="default")
