"""Scheduled exports as they come due: each once, with rights asked each time, stopped when they keep failing."""

import datetime as dt
import threading
from collections import Counter
from io import StringIO

import jdatetime
import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils.translation import override

from accounts.models import StaffScope
from accounts.roles import Role
from accounts.testing import make_candidate
from audit.models import AuditLog
from common.jalali import TEHRAN
from common.testing.loopback import MailServer, mail_server  # noqa: F401 (a fixture)
from exports import tasks
from exports.models import DataExportLog, ExportNotice, ScheduledExport
from exports.services.runs import cancel_export, retry_export
from exports.services.schedules import change_schedule, resume_schedule, run_now, stop_schedule
from exports.tests.samples import make_bot, make_person
from exports.tests.schedules import DAY, NOON, fail, finish, leave, person, scheduled

pytestmark = pytest.mark.django_db(transaction=True)

DUE = dt.datetime(2026, 11, 24, 6, tzinfo=TEHRAN)
TICK = dt.timedelta(seconds=20)


@pytest.fixture
def clock():
    """Time stands still; `move_to` goes on."""
    with time_machine.travel(NOON, tick=False) as clock, override("en"):
        yield clock


@pytest.fixture
def officer(clock):
    return person("officer")


def runs() -> list[tuple[dt.datetime | None, str]]:
    return list(DataExportLog.objects.order_by("pk").values_list("due_at", "state"))


def notices() -> list[tuple[str, str, str]]:
    return list(ExportNotice.objects.order_by("pk").values_list("kind", "recipient__username", "state"))


def failing_days(clock, days: range) -> None:
    """Let these days pass; the run of each fails."""
    for number in days:
        clock.move_to(DUE + number * DAY + TICK)
        tasks.make_due_exports()
        fail(DataExportLog.objects.latest("pk"))


def test_it_runs_when_its_time_has_come_and_not_before(clock, officer):
    schedule = scheduled(officer)

    clock.move_to(DUE - TICK)
    assert tasks.make_due_exports() == 0
    clock.move_to(DUE + TICK)
    assert tasks.make_due_exports() == 1
    assert tasks.make_due_exports() == 0

    run = DataExportLog.objects.get()
    assert (run.schedule, run.due_at, run.asked_by, run.columns) == (
        schedule,
        DUE,
        officer,
        ["platform_user_id", "city"],
    )
    schedule.refresh_from_db()
    assert (schedule.last_due_at, schedule.next_due_at) == (DUE, DUE + DAY)


def test_over_a_jalali_year_each_first_of_a_month_has_its_run(clock, officer):
    schedule = scheduled(officer, schedule="monthly", day_of_month=1)
    new_year = jdatetime.date(1406, 1, 1).togregorian()
    days = [new_year + number * DAY for number in range(365)]
    clock.move_to(dt.datetime.combine(new_year - DAY, dt.time(12), tzinfo=TEHRAN))
    change_schedule(schedule=schedule, actor=officer, at_time=dt.time(7))  # from now on

    for day in days:
        clock.move_to(dt.datetime.combine(day, dt.time(7, 0, 10), tzinfo=TEHRAN))
        if tasks.make_due_exports():
            cancel_export(run=DataExportLog.objects.latest("pk"), actor=None)  # the next may come

    found = [moment.astimezone(TEHRAN) for moment, _state in runs() if moment]
    assert [jdatetime.date.fromgregorian(date=moment.date()) for moment in found] == [
        jdatetime.date(1406, month, 1) for month in range(1, 13)
    ]
    assert {moment.time() for moment in found} == {dt.time(7)}


def test_beat_down_for_days_makes_up_by_one_run_and_says_so(clock, officer):
    schedule = scheduled(officer)

    clock.move_to(DUE + 3 * DAY + 2 * TICK)
    assert tasks.make_due_exports() == 1
    assert tasks.make_due_exports() == 0

    assert runs() == [(DUE + 3 * DAY, "queued")]
    told = AuditLog.objects.get(action="exports.schedule.caught_up")
    assert (told.object_id, told.details["missed"]) == (str(schedule.pk), 3)


def together(count: int, call) -> list[BaseException]:
    """Call it in so many threads at once; gives what they raised."""
    barrier, errors = threading.Barrier(count), []

    def work() -> None:
        try:
            barrier.wait()
            call()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return errors


def test_many_workers_and_a_doubled_beat_make_each_due_run_once(clock, officer):
    schedules = [scheduled(officer, name=f"People {number}") for number in range(10)]
    clock.move_to(DUE + TICK)

    assert together(8, tasks.make_due_exports) == []

    assert Counter(DataExportLog.objects.values_list("schedule_id", flat=True)) == {
        schedule.pk: 1 for schedule in schedules
    }
    assert set(ScheduledExport.objects.values_list("next_due_at", flat=True)) == {DUE + DAY}


def test_changed_or_stopped_while_it_comes_due_it_is_made_once_or_not_at_all(clock, officer):
    for number in range(10):
        day = DUE + number * 10 * DAY
        clock.move_to(day - DAY)
        schedule = scheduled(officer, name=f"People {number}")
        clock.move_to(day + TICK)
        calls = iter([tasks.make_due_exports, lambda one=schedule: stop_schedule(schedule=one, actor=officer)] * 2)
        errors = together(4, lambda calls=calls: next(calls)())

        schedule.refresh_from_db()
        assert [getattr(error, "code", error) for error in errors] == ["wrong-state"]  # the second to stop it
        assert (schedule.is_active, schedule.next_due_at) == (False, None)
        assert schedule.runs.count() <= 1
        DataExportLog.objects.update(state="cancelled")


def test_the_database_takes_no_second_run_of_a_moment(clock, officer):
    scheduled(officer)
    clock.move_to(DUE + TICK)
    tasks.make_due_exports()
    run = DataExportLog.objects.get()

    with pytest.raises(IntegrityError), transaction.atomic():
        DataExportLog.objects.create(dataset=run.dataset, format="csv", schedule=run.schedule, due_at=run.due_at)
    retried = retry_export(run=fail(run), actor=officer)  # which is the same run again, not another

    assert retried.schedule == run.schedule


def test_a_run_that_has_not_ended_is_not_joined_by_another(clock, officer):
    schedule = scheduled(officer)
    clock.move_to(DUE + TICK)
    tasks.make_due_exports()
    clock.move_to(DUE + DAY + TICK)

    assert tasks.make_due_exports() == 0

    schedule.refresh_from_db()
    assert (schedule.failures_in_a_row, schedule.next_due_at) == (1, DUE + 2 * DAY)
    assert "hasn't come to its end" in schedule.last_failure
    assert notices() == [("refused", "officer", "waiting")]


def test_each_recipient_is_noted_once_when_the_file_is_ready(clock, officer):
    make_person(make_bot(), 1)
    schedule = scheduled(officer, recipients=[officer, person("colleague")])
    clock.move_to(DUE + TICK)
    tasks.make_due_exports()

    finish(schedule.runs.get())

    assert notices() == [("ready", "officer", "waiting"), ("ready", "colleague", "waiting")]


def test_an_owner_who_has_left_has_no_more_runs_and_operations_are_told(clock, officer, mail_server, settings):  # noqa: F811
    settings.ALARM_ADDRESSES = ["operations@example.ir"]
    schedule = scheduled(officer, recipients=[officer, person("colleague")])
    leave(officer)
    clock.move_to(DUE + TICK)

    assert tasks.make_due_exports() == 0

    schedule.refresh_from_db()
    assert not DataExportLog.objects.exists()
    assert "may not sign in any more" in schedule.last_failure
    assert AuditLog.objects.get(action="exports.schedule.fail").details["reason"] == schedule.last_failure
    assert "People" in mail_server.mails[0].get_content()


@pytest.mark.parametrize("loss", ["role", "scope"])
def test_an_owner_who_lost_the_right_or_the_candidate_has_no_more_runs(clock, loss):
    candidate = make_candidate()
    owner = person("limited", Role.DATA_OFFICER, candidates=[candidate])
    schedule = scheduled(owner, candidate_id=candidate.pk)
    if loss == "role":
        owner.groups.clear()
    else:
        StaffScope.objects.filter(user=owner).delete()
    clock.move_to(DUE + TICK)

    assert tasks.make_due_exports() == 0

    schedule.refresh_from_db()
    assert not DataExportLog.objects.exists()
    assert (schedule.failures_in_a_row, notices()) == (1, [("refused", "limited", "waiting")])


def test_a_recipient_who_lost_the_right_gets_nothing_and_the_owner_is_told(clock, officer):
    colleague = person("colleague")
    schedule = scheduled(officer, recipients=[officer, colleague])
    clock.move_to(DUE + TICK)
    tasks.make_due_exports()
    colleague.groups.clear()

    finish(schedule.runs.get())

    assert sorted(notices()) == [
        ("ready", "colleague", "withheld"),
        ("ready", "officer", "waiting"),
        ("withheld", "officer", "waiting"),
    ]
    told = AuditLog.objects.get(action="exports.notice.withheld").details
    assert told["person"] == "colleague"


def test_where_no_recipient_has_the_right_any_more_nothing_is_made(clock, officer):
    colleague = person("colleague")
    scheduled(officer, recipients=[colleague])
    leave(colleague)
    clock.move_to(DUE + TICK)

    assert tasks.make_due_exports() == 0
    assert notices() == [("refused", "officer", "waiting")]


def test_five_failures_in_a_row_stop_it_and_people_are_told(clock, officer, mail_server, settings):  # noqa: F811
    settings.ALARM_ADDRESSES = ["operations@example.ir"]
    schedule = scheduled(officer)

    failing_days(clock, range(4))
    schedule.refresh_from_db()
    assert (schedule.is_active, schedule.failures_in_a_row) == (True, 4)
    failing_days(clock, range(4, 5))
    schedule.refresh_from_db()

    assert (schedule.is_active, schedule.next_due_at, schedule.failures_in_a_row) == (False, None, 5)
    assert "five times in a row" in schedule.stopped_reason
    assert "not enough space" in schedule.stopped_reason
    assert [kind for kind, *_others in notices()] == ["failed"] * 4 + ["stopped"]
    assert AuditLog.objects.filter(action="exports.schedule.stopped", actor_id=None).count() == 1
    assert [mail["To"] for mail in mail_server.mails].count("operations@example.ir") == 1
    clock.move_to(DUE + 30 * DAY)
    assert tasks.make_due_exports() == 0


def test_one_success_begins_the_count_anew(clock, officer):
    make_bot()
    schedule = scheduled(officer)
    failing_days(clock, range(4))

    clock.move_to(DUE + 4 * DAY + TICK)
    tasks.make_due_exports()
    finish(DataExportLog.objects.latest("pk"))

    schedule.refresh_from_db()
    assert (schedule.failures_in_a_row, schedule.last_failure, schedule.is_active) == (0, "", True)


def test_a_run_that_somebody_cancels_is_no_failure(clock, officer):
    schedule = scheduled(officer)
    cancel_export(run=run_now(schedule=schedule, actor=officer), actor=officer)

    schedule.refresh_from_db()
    assert schedule.failures_in_a_row == 0
    assert notices() == []


def test_resumed_it_has_five_failures_again(clock, officer):
    schedule = scheduled(officer)
    failing_days(clock, range(5))

    resumed = resume_schedule(schedule=schedule, actor=officer)

    assert (resumed.is_active, resumed.failures_in_a_row, resumed.stopped_reason) == (True, 0, "")


def test_a_rule_that_ends_makes_its_last_run_and_stops(clock, officer):
    schedule = scheduled(officer, schedule="rule", rule="FREQ=DAILY;UNTIL=20261124")
    clock.move_to(DUE + TICK)

    assert tasks.make_due_exports() == 1

    schedule.refresh_from_db()
    assert (schedule.is_active, schedule.stopped_reason) == (False, "Its rule has come to its end.")


def test_a_schedule_that_is_broken_fails_alone(clock, officer, caplog):
    broken, whole = scheduled(officer, name="A"), scheduled(officer, name="B")
    ScheduledExport.objects.filter(pk=broken.pk).update(filters=["not", "a", "mapping"])
    clock.move_to(DUE + TICK)

    assert tasks.make_due_exports() == 1

    broken.refresh_from_db()
    assert whole.runs.count() == 1
    assert (broken.failures_in_a_row, broken.next_due_at) == (1, DUE + DAY)


def test_the_command_lists_schedules_and_begins_what_is_due(clock, officer, monkeypatch):
    monkeypatch.setenv("LC_ALL", "C")
    stopped = stop_schedule(schedule=scheduled(officer, name="Old"), actor=officer, reason="no need")
    scheduled(officer)
    clock.move_to(DUE + TICK)

    begun, listed, active = StringIO(), StringIO(), StringIO()
    call_command("export_schedules", "run-due", stdout=begun)
    call_command("export_schedules", "list", stdout=listed)
    call_command("export_schedules", "list", "--active", stdout=active)

    assert "1 export has begun." in begun.getvalue()
    assert "every day at 06:00  next: 2026-11-25 06:00  failures: 0  to officer" in listed.getvalue()
    assert "no need" in listed.getvalue()
    assert stopped.name not in active.getvalue()
