"""Release tracks: plans go on sale one after another, each when what was asked of the one before holds."""

import datetime as dt
from dataclasses import replace

import pytest
import time_machine
from django_celery_beat.models import PeriodicTask

from accounts.roles import Role
from accounts.testing import make_staff
from audit.models import AuditLog
from common.errors import DomainError
from plans.models import Plan, ReleaseTrack, ReleaseTrackStep, Stage
from plans.selectors import get_plan_release_history
from plans.services import create_plan, disable_plan, enable_plan, retire_plan
from plans.services.track_steps import take_step
from plans.services.tracks import (
    StepContent,
    add_step,
    change_step,
    create_track,
    pause_track,
    remove_step,
    resume_track,
    set_takes_steps_itself,
    stop_track,
)
from plans.tasks import tick_tracks
from plans.testing import make_plan
from plans.tests.tracks import NOW, ONE_DAY, buy, make_track, on_sale, open_problem, state_of, step_of

State = ReleaseTrack.State

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("watch")]


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def refused(call, **arguments) -> str:
    with pytest.raises(DomainError) as caught:
        call(**arguments)
    return caught.value.code


def test_a_new_track_is_paused_and_has_no_steps() -> None:
    track = create_track(name="Spring", actor=None)
    assert (track.state, track.takes_steps_itself, track.steps.count()) == (State.PAUSED, False, 0)
    assert refused(resume_track, track_id=track.pk, actor=None) == "no-steps"
    assert refused(create_track, name=" ", actor=None) == "track-invalid"


def test_plans_go_on_sale_one_after_another_and_the_track_finishes(clock) -> None:
    track = make_track(waiting_days=14, purchases_at_least=2)
    assert tick_tracks() == 1
    assert on_sale() == ["basic"]

    clock.shift(14 * ONE_DAY)
    assert tick_tracks() == 0
    buy("basic", 2)
    assert tick_tracks() == 1
    assert on_sale() == ["basic", "standard"]

    buy("standard", 2)
    assert tick_tracks() == 0
    clock.shift(14 * ONE_DAY)
    assert tick_tracks() == 1
    assert on_sale() == ["basic", "standard", "premium"]
    assert state_of(track) == State.FINISHED


def test_the_history_of_a_plan_names_the_track_and_the_audit_log_what_was_seen() -> None:
    make_track()
    tick_tracks()
    row = get_plan_release_history("basic").get()
    assert "Spring" in row.reason
    taken = AuditLog.objects.get(action="plans.release_track_step.taken")
    assert taken.details["judgement"] == [{"guard": "alerts", "verdict": "holds", "figures": {"alerts": []}}]


def test_a_step_is_not_taken_an_instant_too_early(clock) -> None:
    make_track(waiting_days=14)
    tick_tracks()
    clock.move_to(NOW + 14 * ONE_DAY - dt.timedelta(seconds=1))
    assert tick_tracks() == 0
    clock.move_to(NOW + 14 * ONE_DAY)
    assert tick_tracks() == 1


@pytest.mark.parametrize("active", [("redis",), None])
def test_an_alert_holds_it_and_so_does_not_knowing(watch, active) -> None:
    make_track()
    watch.active = active
    assert tick_tracks() == 0
    assert refused(take_step, step_id=step_of("basic").pk, actor=None) == "guards-fail"
    assert on_sale() == []
    watch.active = ()
    assert tick_tracks() == 1


def test_open_problems_hold_it_until_they_are_closed(clock) -> None:
    make_track(waiting_days=0, problems_at_most=0)
    tick_tracks()
    problem = open_problem("basic")
    assert tick_tracks() == 0
    problem.closed_at = NOW
    problem.save()
    assert tick_tracks() == 1


def test_a_plan_that_was_taken_off_sale_is_no_reason_to_go_on(clock) -> None:
    make_track(waiting_days=0, purchases_at_least=1)
    tick_tracks()
    buy("basic")
    disable_plan(plan_code="basic", reason="broken", actor=None)
    assert tick_tracks() == 0
    verdicts = {one["guard"]: one["verdict"] for one in step_of("standard").judgement}
    assert (verdicts["previous"], verdicts["purchases"]) == ("fails", "unknown")


def test_purchases_of_testers_before_the_sale_do_not_count(clock) -> None:
    make_track(waiting_days=0, purchases_at_least=1)
    buy("basic")
    clock.shift(ONE_DAY)
    assert tick_tracks() == 1
    assert tick_tracks() == 0


@pytest.mark.django_db(transaction=True)
def test_a_track_that_only_proposes_tells_people_once_and_leaves_it_to_them(watch, settings, mailoutbox) -> None:
    settings.ALARM_ADDRESSES, settings.LANGUAGE_CODE = ["owner@example.ir"], "en"
    make_track(takes=False)
    assert [tick_tracks(), tick_tracks()] == [0, 0]
    assert step_of("basic").state == ReleaseTrackStep.State.PROPOSED
    watch.active = ("db",)
    tick_tracks()
    assert step_of("basic").state == ReleaseTrackStep.State.WAITING
    watch.active = ()
    tick_tracks()
    assert ["basic" in mail.body for mail in mailoutbox] == [True]

    assert on_sale() == []
    take_step(step_id=step_of("basic").pk, actor=None)
    assert on_sale() == ["basic"]


@pytest.mark.django_db(transaction=True)
def test_a_step_that_can_not_be_taken_pauses_the_track_and_people_are_told(settings, mailoutbox) -> None:
    settings.ALARM_ADDRESSES, settings.LANGUAGE_CODE = ["owner@example.ir"], "en"
    track = make_track()
    Plan.objects.filter(code="basic").update(price_rials=None)
    assert tick_tracks() == 0
    assert state_of(track) == State.PAUSED
    assert "price" in track.state_reason
    assert step_of("basic").taken_at is None
    assert "price" in mailoutbox[0].body


def test_a_plan_that_somebody_put_on_sale_is_noted_and_the_wait_counts_from_then(clock) -> None:
    track = make_track(runs=False, waiting_days=14)
    enable_plan(plan_code="basic", enabled_by=None)
    clock.shift(10 * ONE_DAY)
    resume_track(track_id=track.pk, actor=None)
    assert tick_tracks() == 0
    assert step_of("basic").taken_at == NOW
    clock.move_to(NOW + 14 * ONE_DAY)
    assert tick_tracks() == 1
    assert on_sale() == ["basic", "standard"]


def test_nothing_is_taken_out_of_order_or_while_paused() -> None:
    track = make_track()
    assert refused(take_step, step_id=step_of("standard").pk, actor=None) == "not-next"
    pause_track(track_id=track.pk, reason="holidays", actor=None)
    assert tick_tracks() == 0
    assert refused(take_step, step_id=step_of("basic").pk, actor=None) == "not-running"
    assert refused(pause_track, track_id=track.pk, actor=None) == "already-paused"
    resume_track(track_id=track.pk, actor=None)
    assert refused(resume_track, track_id=track.pk, actor=None) == "already-running"
    assert tick_tracks() == 1


def test_a_stopped_track_is_over_for_good_and_its_plans_are_free() -> None:
    track = make_track()
    assert refused(stop_track, track_id=track.pk, reason=" ", actor=None) == "reason-missing"
    other = create_track(name="Autumn", actor=None)
    content = StepContent(plan_code="basic")
    assert refused(add_step, track_id=other.pk, content=content, actor=None) == "plan-on-track"
    stop_track(track_id=track.pk, reason="a new way", actor=None)
    assert tick_tracks() == 0
    for call in (pause_track, resume_track):
        assert refused(call, track_id=track.pk, actor=None) == "track-over"
    assert add_step(track_id=other.pk, content=content, actor=None).position == 1


def test_a_retired_plan_goes_onto_no_track() -> None:
    track = create_track(name="Spring", actor=None)
    make_plan("basic", stage=Stage.DRAFT)
    retire_plan(plan_code="basic", reason="old", actor=None)
    assert refused(add_step, track_id=track.pk, content=StepContent(plan_code="basic"), actor=None) == "plan-retired"


def test_nonsense_in_a_step_is_refused() -> None:
    track = create_track(name="Spring", actor=None)
    create_plan(code="basic", name_fa="پایه", name_en="Basic", price_rials=1, actor=None)
    basic = StepContent(plan_code="basic")
    for content in (
        replace(basic, waiting_days=366),
        replace(basic, waiting_days=-1),
        replace(basic, purchases_at_least=-1),
        replace(basic, problems_at_most=-1),
    ):
        assert refused(add_step, track_id=track.pk, content=content, actor=None) == "step-invalid"
    assert not ReleaseTrackStep.objects.exists()


def test_a_step_that_was_taken_is_neither_changed_nor_removed() -> None:
    make_track()
    tick_tracks()
    step = step_of("basic")
    content = StepContent(plan_code="basic", waiting_days=1)
    assert refused(change_step, step_id=step.pk, content=content, actor=None) == "step-taken"
    assert refused(remove_step, step_id=step.pk, actor=None) == "step-taken"


def test_taking_out_the_last_step_that_was_left_finishes_the_track() -> None:
    track = make_track(codes=["basic", "standard"])
    tick_tracks()
    remove_step(step_id=step_of("standard").pk, actor=None)
    tick_tracks()
    assert state_of(track) == State.FINISHED


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.OWNER, Role.RELEASE_MANAGER}))
def test_only_who_releases_plans_touches_tracks(role: Role) -> None:
    staff, track = make_staff(role), make_track()
    content = StepContent(plan_code="basic")
    for call, arguments in (
        (create_track, {"name": "x"}),
        (set_takes_steps_itself, {"track_id": track.pk, "takes_steps_itself": True}),
        (add_step, {"track_id": track.pk, "content": content}),
        (change_step, {"step_id": step_of("basic").pk, "content": content}),
        (remove_step, {"step_id": step_of("basic").pk}),
        (pause_track, {"track_id": track.pk}),
        (resume_track, {"track_id": track.pk}),
        (stop_track, {"track_id": track.pk, "reason": "x"}),
        (take_step, {"step_id": step_of("basic").pk}),
    ):
        assert refused(call, **arguments, actor=staff) == "not-allowed"


def test_beat_looks_after_tracks_each_minute() -> None:
    task = PeriodicTask.objects.get(task="plans.tick_tracks")
    assert (task.interval.every, task.interval.period) == (1, "minutes")
