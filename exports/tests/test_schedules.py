"""Setting up, changing, stopping and resuming scheduled exports."""

import datetime as dt

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.utils.translation import override
from django_celery_beat.models import PeriodicTask

from accounts.roles import Role
from accounts.testing import make_candidate, make_staff
from audit.models import AuditLog
from common.errors import DomainError
from common.jalali import TEHRAN, format_jalali
from exports.models import DataExportLog, ScheduledExport
from exports.schedules.selectors import may_change_schedule, schedules_visible_to
from exports.services.schedules import change_schedule, resume_schedule, run_now, schedule_export, stop_schedule
from exports.tests.samples import make_bot
from exports.tests.schedules import DAY, NOON, fail, person, scheduled

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_noon():
    with time_machine.travel(NOON, tick=False), override("en"):
        yield


def acts() -> list[str]:
    found = AuditLog.objects.filter(action__startswith="exports.schedule.").order_by("pk")
    return [action.removeprefix("exports.schedule.") for action in found.values_list("action", flat=True)]


def next_run(schedule: ScheduledExport) -> str:
    return format_jalali(schedule.next_due_at) if schedule.next_due_at else ""


def refusal(call, **arguments) -> str:
    with pytest.raises(DomainError) as refused:
        call(**arguments)
    return refused.value.code


def test_the_owner_s_own_example_works():
    person("admin", Role.OWNER)
    candidate = make_candidate()

    made = schedule_export(
        candidate_id=candidate.pk, export_type="complete", schedule="daily", recipients=["admin@example.ir"]
    )

    assert (made.candidate, made.dataset, made.frequency) == (candidate, "complete", "daily")
    assert [user.username for user in made.recipients.all()] == ["admin"]
    assert made.owner.username == "admin"
    assert made.next_due_at == dt.datetime(2026, 11, 24, 6, tzinfo=TEHRAN)
    assert acts() == ["create"]


@pytest.mark.parametrize(
    ("schedule", "first"),
    [
        ({"schedule": "daily"}, "1405/09/03 06:00"),
        ({"schedule": "weekly"}, "1405/09/07 06:00"),  # a Saturday
        ({"schedule": "weekly", "weekday": 0, "at_time": dt.time(13)}, "1405/09/02 13:00"),
        ({"schedule": "monthly"}, "1405/10/01 06:00"),
        ({"schedule": "monthly", "day_of_month": 31}, "1405/09/30 06:00"),
        ({"schedule": "monthly", "calendar": "gregorian"}, "1405/09/10 06:00"),  # the 1st of December
        ({"schedule": "rule", "rule": "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=21"}, "1406/01/01 06:00"),
    ],
)
def test_it_runs_first_at_its_next_moment(schedule, first):
    made = scheduled(person("officer"), **schedule)

    assert next_run(made) == first


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"schedule": "hourly"}, "bad-timing"),
        ({"schedule": "weekly", "weekday": 7}, "bad-timing"),
        ({"schedule": "monthly", "day_of_month": 32}, "bad-timing"),
        ({"schedule": "monthly", "day_of_month": None}, "bad-timing"),
        ({"schedule": "daily", "calendar": "maya"}, "bad-timing"),
        ({"schedule": "rule", "rule": "FREQ=MINUTELY"}, "bad-rule"),
        ({"schedule": "rule", "rule": "FREQ=DAILY;UNTIL=20260101"}, "never-comes"),
        ({"recipients": []}, "no-recipients"),
        ({"recipients": ["stranger@example.ir"]}, "unknown-recipient"),
        ({"recipients": [""]}, "unknown-recipient"),
        ({"candidate_id": 4_711}, "unknown-candidate"),
        ({"export_type": "everything"}, "unknown-dataset"),
        ({"format": "docx"}, "unknown-format"),
        ({"columns": ("salary",)}, "unknown-column"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong, code):
    assert refusal(scheduled, owner=person("officer"), **wrong) == code
    assert not ScheduledExport.objects.exists()


def test_recipients_are_active_staff_found_by_their_address_however_it_is_written():
    officer, colleague = person("officer"), person("colleague")

    made = scheduled(officer, recipients=[" Colleague@Example.IR ", "colleague@example.ir", officer])

    assert set(made.recipients.all()) == {officer, colleague}


def test_an_address_of_somebody_who_has_left_or_of_two_people_is_refused():
    officer, gone, twin = person("officer"), person("gone"), person("twin")
    gone.is_active = False
    gone.save()
    twin.email = officer.email
    twin.save()

    assert refusal(scheduled, owner=officer, recipients=["gone@example.ir"]) == "unknown-recipient"
    assert refusal(scheduled, owner=officer, recipients=["officer@example.ir"]) == "unknown-recipient"


def test_who_may_not_export_something_can_neither_schedule_nor_receive_it():
    officer, auditor = person("officer"), person("auditor", Role.AUDITOR)

    assert refusal(scheduled, owner=auditor, recipients=[auditor]) == "not-allowed"
    assert refusal(scheduled, owner=officer, recipients=[auditor]) == "recipient-not-allowed"


def test_who_sees_some_candidates_receives_exports_about_one_of_those_only():
    officer, mine, other = person("officer"), make_candidate(), make_candidate()
    limited = person("limited", Role.DATA_OFFICER, candidates=[mine])

    assert scheduled(officer, recipients=[limited], candidate_id=mine.pk)
    assert refusal(scheduled, owner=officer, recipients=[limited], candidate_id=other.pk) == "recipient-not-allowed"
    assert refusal(scheduled, owner=officer, recipients=[limited]) == "recipient-not-allowed"
    assert scheduled(limited)  # what they see themselves is theirs
    assert refusal(scheduled, owner=limited, candidate_id=other.pk) == "unknown-candidate"


def test_all_columns_are_those_of_the_owner_so_who_may_see_fewer_is_no_recipient():
    officer, helper = person("officer"), person("helper", Role.SUPPORT)
    helper.user_permissions.add(Permission.objects.get(codename="export_botuser"))

    assert scheduled(officer, recipients=[helper], columns=("city",))
    assert refusal(scheduled, owner=officer, recipients=[helper], columns=()) == "recipient-not-allowed"


def test_a_change_is_recorded_with_before_and_after_and_moves_the_next_run():
    officer, colleague = person("officer"), person("colleague")
    schedule = scheduled(officer)

    changed = change_schedule(
        schedule=schedule, actor=officer, frequency="monthly", day_of_month=1, recipients=[colleague]
    )

    assert next_run(changed) == "1405/10/01 06:00"
    details = AuditLog.objects.get(action="exports.schedule.change").details
    assert details["changed"] == ["day_of_month", "frequency", "next_due_at", "recipients"]
    assert (details["before"]["frequency"], details["after"]["frequency"]) == ("daily", "monthly")
    assert (details["before"]["recipients"], details["after"]["recipients"]) == (
        [f"officer ({officer.pk})"],
        [f"colleague ({colleague.pk})"],
    )


def test_a_change_that_changes_nothing_is_not_recorded():
    officer = person("officer")
    change_schedule(schedule=scheduled(officer), actor=officer, name="People")

    assert acts() == ["create"]


def test_saved_with_the_same_times_each_second_week_stays_the_same_week():
    officer = person("officer")
    schedule = scheduled(officer, schedule="rule", rule="FREQ=WEEKLY;INTERVAL=2;BYDAY=WE")

    with time_machine.travel(NOON + 7 * DAY, tick=False):
        changed = change_schedule(
            schedule=schedule,
            actor=officer,
            name="Each second Wednesday",
            frequency="rule",
            rule=schedule.rule,
            at_time=schedule.at_time,
        )

    assert (changed.starts_on, changed.next_due_at) == (schedule.starts_on, schedule.next_due_at)


def test_a_stopped_schedule_stays_stopped_when_its_time_is_changed():
    officer = person("officer")
    schedule = stop_schedule(schedule=scheduled(officer), actor=officer, reason="not needed in Ramadan")

    changed = change_schedule(schedule=schedule, actor=officer, at_time=dt.time(8))

    assert (changed.is_active, changed.next_due_at, changed.stopped_reason) == (False, None, "not needed in Ramadan")
    assert resume_schedule(schedule=schedule, actor=officer).next_due_at == dt.datetime(2026, 11, 24, 8, tzinfo=TEHRAN)
    assert acts() == ["create", "stopped", "change", "resumed"]


def test_resumed_after_a_month_it_goes_on_with_its_next_moment():
    officer = person("officer")
    schedule = stop_schedule(schedule=scheduled(officer), actor=officer)

    with time_machine.travel(NOON + 30 * DAY, tick=False):
        assert resume_schedule(schedule=schedule, actor=officer).next_due_at == NOON + 31 * DAY - dt.timedelta(hours=6)


def test_acts_that_do_not_fit_are_refused():
    officer = person("officer")
    schedule = scheduled(officer)

    assert refusal(resume_schedule, schedule=schedule, actor=officer) == "wrong-state"
    stop_schedule(schedule=schedule, actor=officer)
    assert refusal(stop_schedule, schedule=schedule, actor=officer) == "wrong-state"


def test_who_manages_schedules_stops_and_moves_those_of_others_but_has_no_data_sent_to_anybody():
    officer, colleague, operator = person("officer"), person("colleague"), person("operator", Role.OPERATIONS)
    schedule = scheduled(officer)

    assert change_schedule(schedule=schedule, actor=operator, at_time=dt.time(9)).at_time == dt.time(9)
    assert change_schedule(schedule=schedule, actor=operator, recipients=[officer], columns=schedule.columns)
    assert refusal(change_schedule, schedule=schedule, actor=operator, recipients=[colleague]) == "not-allowed"
    assert refusal(change_schedule, schedule=schedule, actor=operator, columns=()) == "not-allowed"
    assert stop_schedule(schedule=schedule, actor=operator).owner == officer


def test_others_see_and_change_a_schedule_as_far_as_their_scope_and_rights_go():
    mine = make_candidate()
    officer, limited = person("officer"), person("limited", Role.DATA_OFFICER, candidates=[mine])
    auditor, support = make_staff(Role.AUDITOR), make_staff(Role.SUPPORT)
    of_all, of_mine = scheduled(officer), scheduled(officer, candidate_id=mine.pk)

    assert set(schedules_visible_to(officer)) == set(schedules_visible_to(auditor)) == {of_all, of_mine}
    assert set(schedules_visible_to(limited)) == {of_mine}
    assert not schedules_visible_to(support).exists()
    assert may_change_schedule(limited, of_mine)
    assert not may_change_schedule(limited, of_all)
    assert not may_change_schedule(auditor, of_all)
    assert refusal(stop_schedule, schedule=of_all, actor=limited) == "not-allowed"


def test_run_by_hand_it_is_made_at_once_and_its_next_time_stays():
    officer, operator = person("officer"), person("operator", Role.OPERATIONS)
    make_bot()
    schedule = scheduled(officer)

    run = run_now(schedule=schedule, actor=operator)

    schedule.refresh_from_db()
    assert (run.schedule, run.due_at, run.asked_by, run.state) == (schedule, None, officer, "queued")
    assert schedule.next_due_at == dt.datetime(2026, 11, 24, 6, tzinfo=TEHRAN)
    assert AuditLog.objects.get(action="exports.schedule.run").actor_id == operator.pk
    assert refusal(run_now, schedule=schedule, actor=officer) == "still-under-way"
    fail(run)
    assert run_now(schedule=schedule, actor=officer)
    assert DataExportLog.objects.count() == 2


def test_beat_asks_for_it_twice_a_minute():
    for task in ("exports.make_due_exports", "exports.send_notices"):
        row = PeriodicTask.objects.get(task=task)
        assert (row.interval.every, row.interval.period, row.queue) == (30, "seconds", "default")
