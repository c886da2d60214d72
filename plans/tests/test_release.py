"""Plans go on sale and off it, at once or at a time; each step stands in the history and the audit log."""

import datetime as dt
import threading
from collections.abc import Callable

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django_celery_beat.models import PeriodicTask

from accounts.models import User
from accounts.roles import Role
from accounts.testing import make_candidate, make_staff
from audit.models import AuditLog
from common.errors import DomainError
from plans.models import BetaTester, Plan, Stage, Step
from plans.selectors import check_plan_availability, get_available_plans, get_plan_release_history
from plans.services import (
    cancel_plan_release,
    create_plan,
    disable_plan,
    enable_plan,
    retire_plan,
    schedule_plan_release,
)
from plans.tasks import release_due_plans

NOW = dt.datetime(2026, 11, 22, 8, 0, tzinfo=dt.UTC)
SOON = NOW + dt.timedelta(days=2)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def basic() -> Plan:
    return create_plan(code="basic", name_fa="پایه", name_en="Basic", price_rials=100, actor=None)


@pytest.fixture
def owner() -> User:
    return make_staff(Role.OWNER)


def refused(call: Callable[..., object], **arguments: object) -> str:
    with pytest.raises(DomainError) as caught:
        call(**arguments)
    return caught.value.code


def steps(plan_code: str = "basic") -> list[str]:
    return list(get_plan_release_history(plan_code).order_by("id").values_list("step", flat=True))


def test_all_plans_start_switched_off(basic: Plan) -> None:
    assert (basic.stage, basic.is_available_for_purchase) == (Stage.DRAFT, False)
    assert check_plan_availability("basic").code == "not-released"
    assert get_available_plans() == []


def test_a_plan_is_put_on_sale_and_taken_off(basic: Plan, owner: User) -> None:
    enable_plan(plan_code="basic", enabled_by=owner, reason="the election begins")
    basic.refresh_from_db()
    assert (basic.is_available_for_purchase, basic.enabled_at, basic.enabled_by) == (True, NOW, owner)
    assert check_plan_availability("basic").is_available
    assert get_available_plans() == [basic]

    disable_plan(plan_code="basic", reason="a wrong price", actor=owner)
    answer = check_plan_availability("basic")
    assert (answer.is_available, answer.code) == (False, "disabled")
    assert "a wrong price" in answer.message
    assert steps() == [Step.ENABLED, Step.DISABLED]
    acts = AuditLog.objects.filter(object_id=basic.pk, action__startswith="plans.plan.").order_by("id")
    assert list(acts.values_list("action", flat=True))[1:] == ["plans.plan.enabled", "plans.plan.disabled"]


def test_history_tells_who_when_and_why_and_outlives_names(basic: Plan, owner: User) -> None:
    enable_plan(plan_code="basic", enabled_by=owner, reason="why not")
    row = get_plan_release_history("basic").get()
    assert (row.actor_id, row.actor_label, row.reason, row.happened_at) == (owner.pk, str(owner), "why not", NOW)
    assert (row.stage_before, row.stage_after) == (Stage.DRAFT, Stage.AVAILABLE)
    with pytest.raises(Exception, match="never changed or removed"):
        row.delete()


@pytest.mark.parametrize(
    ("prepare", "code"),
    [
        (lambda: Plan.objects.update(price_rials=None), "no-price"),
        (lambda: enable_plan(plan_code="basic", enabled_by=None), "already-on-sale"),
        (lambda: retire_plan(plan_code="basic", reason="old", actor=None), "plan-retired"),
    ],
)
def test_what_can_not_be_sold_is_neither_enabled_nor_scheduled(basic: Plan, prepare, code: str) -> None:
    prepare()
    assert refused(enable_plan, plan_code="basic", enabled_by=None) == code
    assert refused(schedule_plan_release, plan_code="basic", release_date=SOON, actor=None) == code


def test_an_unknown_plan_is_named(basic: Plan) -> None:
    assert refused(enable_plan, plan_code="gold", enabled_by=None) == "plan-not-found"
    with pytest.raises(DomainError, match="gold"):
        check_plan_availability("gold")


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.OWNER, Role.RELEASE_MANAGER}))
def test_only_owners_and_release_managers_change_what_is_on_sale(basic: Plan, role: Role) -> None:
    staff = make_staff(role)
    assert refused(enable_plan, plan_code="basic", enabled_by=staff) == "not-allowed"
    assert refused(disable_plan, plan_code="basic", reason="x", actor=staff) == "not-allowed"
    assert refused(schedule_plan_release, plan_code="basic", release_date=SOON, actor=staff) == "not-allowed"
    enable_plan(plan_code="basic", enabled_by=make_staff(Role.RELEASE_MANAGER))


def test_limited_staff_do_not(basic: Plan) -> None:
    assert refused(enable_plan, plan_code="basic", enabled_by=make_staff(Role.OWNER, regions=[])) == "not-allowed"


def test_taking_off_cancelling_and_retiring_want_a_reason(basic: Plan) -> None:
    for call in (disable_plan, cancel_plan_release, retire_plan):
        assert refused(call, plan_code="basic", reason="  ", actor=None) == "reason-missing"


# At a time


@pytest.mark.parametrize(
    ("date", "code"),
    [(NOW, "date-past"), (NOW - dt.timedelta(days=1), "date-past"), (NOW + dt.timedelta(days=800), "date-far")],
)
def test_a_date_that_makes_no_sense_is_refused(basic: Plan, date: dt.datetime, code: str) -> None:
    assert refused(schedule_plan_release, plan_code="basic", release_date=date, actor=None) == code


def test_two_plans_do_not_go_on_sale_at_the_same_instant(basic: Plan) -> None:
    create_plan(code="gold", name_fa="طلایی", name_en="Gold", price_rials=200, actor=None)
    schedule_plan_release(plan_code="basic", release_date=SOON, actor=None)
    assert refused(schedule_plan_release, plan_code="gold", release_date=SOON, actor=None) == "date-taken"


def test_a_scheduled_plan_says_when_and_goes_on_sale_then(basic: Plan, owner: User, clock) -> None:
    schedule_plan_release(
        plan_code="basic", release_date=SOON, notes="<b>new</b><script>x</script>", actor=owner, reason="as agreed"
    )
    answer = check_plan_availability("basic")
    assert (answer.code, answer.scheduled_for) == ("scheduled", SOON)
    basic.refresh_from_db()
    assert basic.release_notes == "<b>new</b>x"

    assert release_due_plans() == 0
    clock.move_to(SOON)
    assert release_due_plans() == 1
    assert release_due_plans() == 0
    assert check_plan_availability("basic").is_available
    assert steps() == [Step.SCHEDULED, Step.RELEASED]


def test_a_beat_that_was_down_for_an_hour_catches_up(basic: Plan, clock) -> None:
    schedule_plan_release(plan_code="basic", release_date=SOON, actor=None)
    clock.move_to(SOON + dt.timedelta(hours=1))
    assert release_due_plans() == 1
    row = get_plan_release_history("basic").first()
    assert row is not None
    assert (row.scheduled_for, row.happened_at) == (SOON, SOON + dt.timedelta(hours=1))


def test_a_clock_that_jumps_loses_no_release_and_repeats_none(basic: Plan, clock) -> None:
    create_plan(code="gold", name_fa="طلایی", name_en="Gold", price_rials=200, actor=None)
    schedule_plan_release(plan_code="basic", release_date=SOON, actor=None)
    schedule_plan_release(plan_code="gold", release_date=SOON + dt.timedelta(minutes=90), actor=None)
    clock.move_to(SOON + dt.timedelta(hours=1))  # over the time of the release
    assert release_due_plans() == 1
    clock.move_to(SOON - dt.timedelta(hours=1))  # and back before it
    assert release_due_plans() == 0
    clock.move_to(SOON + dt.timedelta(hours=2))
    assert release_due_plans() == 1
    assert steps("basic") == steps("gold") == [Step.SCHEDULED, Step.RELEASED]


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles"])
def test_a_change_of_time_zone_moves_no_release(basic: Plan, clock, zone: str, settings) -> None:
    schedule_plan_release(plan_code="basic", release_date=SOON, actor=None)
    settings.TIME_ZONE = zone
    with timezone.override(zone):
        clock.move_to(SOON - dt.timedelta(seconds=1))
        assert release_due_plans() == 0
        clock.move_to(SOON)
        assert release_due_plans() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE plans_planreleasehistory SET reason = 'another'",
        "DELETE FROM plans_planreleasehistory",
        "TRUNCATE plans_planreleasehistory",
    ],
)
def test_history_is_never_changed_not_even_by_hand(basic: Plan, statement: str) -> None:
    enable_plan(plan_code="basic", enabled_by=None)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert steps() == [Step.ENABLED]


def test_a_release_can_be_moved_and_cancelled(basic: Plan, clock) -> None:
    schedule_plan_release(plan_code="basic", release_date=SOON, actor=None)
    schedule_plan_release(plan_code="basic", release_date=SOON + dt.timedelta(days=1), actor=None)
    clock.move_to(SOON)
    assert release_due_plans() == 0
    cancel_plan_release(plan_code="basic", reason="not ready", actor=None)
    clock.move_to(SOON + dt.timedelta(days=2))
    assert release_due_plans() == 0
    assert steps() == [Step.SCHEDULED, Step.RESCHEDULED, Step.CANCELLED]
    assert check_plan_availability("basic").code == "not-released"


def test_a_cancelled_plan_is_where_it_was_before(basic: Plan) -> None:
    BetaTester.objects.create(plan=basic, candidate=make_candidate())
    schedule_plan_release(plan_code="basic", release_date=SOON, actor=None)
    assert cancel_plan_release(plan_code="basic", reason="x", actor=None).stage == Stage.BETA
    enable_plan(plan_code="basic", enabled_by=None)
    disable_plan(plan_code="basic", reason="x", actor=None)
    schedule_plan_release(plan_code="basic", release_date=SOON, actor=None)
    assert cancel_plan_release(plan_code="basic", reason="x", actor=None).stage == Stage.DISABLED


@pytest.mark.django_db(transaction=True)
def test_a_release_that_can_not_fire_is_kept_as_failed_and_people_are_told(
    basic: Plan, clock, settings, mailoutbox
) -> None:
    settings.ALARM_ADDRESSES = ["operations@example.ir"]
    settings.LANGUAGE_CODE = "en"
    schedule_plan_release(plan_code="basic", release_date=SOON, actor=None)
    Plan.objects.update(price_rials=None)
    clock.move_to(SOON)

    assert release_due_plans() == 0

    row = get_plan_release_history("basic").first()
    assert row is not None
    assert (row.step, row.stage_after, row.scheduled_for) == (Step.FAILED, Stage.DRAFT, SOON)
    assert "price" in row.reason
    assert "basic" in mailoutbox[0].body


def test_testers_buy_before_the_release_and_others_do_not(basic: Plan) -> None:
    tester, other = make_candidate(), make_candidate()
    Plan.objects.update(stage=Stage.BETA)
    BetaTester.objects.create(plan=basic, candidate=tester)
    assert check_plan_availability("basic", tester).code == "for-tester"
    assert check_plan_availability("basic", other).code == "testers-only"
    assert get_available_plans(candidate=tester) == [basic]
    assert get_available_plans(candidate=other) == get_available_plans() == []


def test_beat_looks_for_due_releases_within_a_minute() -> None:
    task = PeriodicTask.objects.get(task="plans.release_due_plans")
    assert (task.interval.every, task.interval.period) == (20, "seconds")


# Races


def at_once(*calls: Callable[[], object]) -> list[object]:
    """Run the calls in threads that start together; gives what they returned, or the code of their refusal."""
    ready, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(number: int, call: Callable[[], object]) -> None:
        ready.wait()
        try:
            results[number] = call()  # type: ignore[call-overload]
        except DomainError as error:
            results[number] = error.code  # type: ignore[call-overload]
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results  # type: ignore[return-value]


@pytest.mark.django_db(transaction=True)
def test_of_two_who_enable_at_once_one_is_told_that_it_is_done(basic: Plan) -> None:
    results = at_once(*[lambda: enable_plan(plan_code="basic", enabled_by=None)] * 2)
    assert results.count("already-on-sale") == 1
    assert steps() == [Step.ENABLED]


@pytest.mark.django_db(transaction=True)
def test_any_number_of_workers_release_a_plan_once(basic: Plan, clock) -> None:
    schedule_plan_release(plan_code="basic", release_date=SOON, actor=None)
    clock.move_to(SOON)
    assert sorted(map(str, at_once(*[release_due_plans] * 8))) == ["0"] * 7 + ["1"]
    assert steps() == [Step.SCHEDULED, Step.RELEASED]


@pytest.mark.django_db(transaction=True)
def test_enabling_against_a_firing_schedule_puts_the_plan_on_sale_once(basic: Plan, clock) -> None:
    schedule_plan_release(plan_code="basic", release_date=SOON, actor=None)
    clock.move_to(SOON)
    at_once(release_due_plans, lambda: enable_plan(plan_code="basic", enabled_by=None))
    basic.refresh_from_db()
    assert (basic.stage, basic.release_scheduled_at) == (Stage.AVAILABLE, None)
    assert len(steps()) == 2
    assert timezone.now() == SOON
