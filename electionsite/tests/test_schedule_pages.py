import datetime as dt

import pytest
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from accounts.roles import Role
from accounts.testing import make_staff, sign_in
from audit.models import AuditLog

pytestmark = pytest.mark.django_db
LIST = "admin:django_celery_beat_periodictask_changelist"
RUN_AT = dt.datetime(2025, 11, 22, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def task():
    crontab = CrontabSchedule.objects.create(minute="30", hour="3", timezone="Asia/Tehran")
    return PeriodicTask.objects.create(name="nightly", task="x.y", crontab=crontab, last_run_at=RUN_AT)


@pytest.fixture
def operator():
    return sign_in(make_staff(Role.OPERATIONS))


def test_the_list_shows_the_schedule_in_latin_and_the_last_run_in_jalali(task, operator):
    page = operator.get(reverse(LIST)).content.decode()
    assert '<bdi class="latin" dir="ltr">30 3 * * *</bdi>' in page
    assert "1404/09/01 15:30" in page


@pytest.mark.parametrize("model", ["periodictask", "crontabschedule", "intervalschedule"])
@pytest.mark.parametrize(
    ("role", "expected"),
    [(Role.OWNER, 200), (Role.OPERATIONS, 200), (Role.SUPPORT, 403), (Role.DATA_OFFICER, 403)],
)
def test_schedules_are_for_owners_and_operations(model, role, expected):
    page = sign_in(make_staff(role)).get(reverse(f"admin:django_celery_beat_{model}_add"))
    assert page.status_code == expected


def test_auditors_look_and_change_nothing(task):
    auditor = sign_in(make_staff(Role.AUDITOR))
    page = auditor.get(reverse("admin:django_celery_beat_periodictask_change", args=[task.pk]))
    assert page.status_code == 200
    assert 'name="_save"' not in page.content.decode()


@pytest.mark.parametrize(("action", "enabled"), [("enable_tasks", True), ("disable_tasks", False)])
def test_switching_a_task_is_audited(task, operator, action, enabled):
    PeriodicTask.objects.filter(pk=task.pk).update(enabled=not enabled)
    operator.post(reverse(LIST), {"action": action, "_selected_action": [task.pk]})
    task.refresh_from_db()
    assert task.enabled is enabled
    verb = "enable" if enabled else "disable"
    assert AuditLog.objects.filter(action=f"django_celery_beat.periodictask.{verb}", object_id=str(task.pk)).exists()


def test_what_is_switched_already_is_left_alone(task, operator):
    operator.post(reverse(LIST), {"action": "enable_tasks", "_selected_action": [task.pk]})
    task.refresh_from_db()
    assert task.last_run_at == RUN_AT
    assert not AuditLog.objects.filter(action__startswith="django_celery_beat").exists()


def test_an_intervals_page_shows_its_tasks(operator):
    interval = IntervalSchedule.objects.create(every=7, period="days")
    PeriodicTask.objects.create(name="weekly", task="x.y", interval=interval, last_run_at=RUN_AT)
    page = operator.get(reverse("admin:django_celery_beat_intervalschedule_change", args=[interval.pk]))
    assert "weekly" in page.content.decode()
    assert "1404/09/01 15:30" in page.content.decode()
