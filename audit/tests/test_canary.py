"""The canary: people hear of it when auditing stops or was tampered with."""

import pytest
import time_machine
from django.db import connection, transaction
from django_celery_beat.models import PeriodicTask

from audit.models import AuditLog
from audit.seals.sealing import seal_new_rows
from audit.selectors import LogCondition, log_state
from audit.services import record
from audit.tasks import sing, verify
from common.testing.database import triggers_off
from common.testing.loopback import MailServer, mail_server  # noqa: F401 (a fixture)

pytestmark = pytest.mark.django_db(transaction=True)  # verifying takes a snapshot of its own


@pytest.fixture(autouse=True)
def _told(settings) -> None:
    settings.ALARM_ADDRESSES = ["operations@example.ir"]
    settings.LANGUAGE_CODE = "en"


def write(at: str = "") -> int:
    with time_machine.travel(at or "2026-11-22T12:00:00Z", tick=False), transaction.atomic():
        return record(action="audit.test.act", actor=None).pk


def subjects(server: MailServer) -> list[str]:
    return [str(mail["Subject"]) for mail in server.mails]


def test_a_healthy_log_gets_a_row_and_raises_no_alarm(mail_server: MailServer) -> None:  # noqa: F811
    sing()
    seal_new_rows()
    sing()
    assert AuditLog.objects.filter(action="audit.canary.write").count() == 2
    assert subjects(mail_server) == []


def test_a_log_that_can_not_be_written_raises_the_alarm(mail_server: MailServer) -> None:  # noqa: F811
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditlog ADD CONSTRAINT broken CHECK (action <> 'audit.canary.write')")
        try:
            sing()
        finally:
            cursor.execute("ALTER TABLE audit_auditlog DROP CONSTRAINT broken")
    assert "audit-not-writable" in subjects(mail_server)[0]


def test_a_log_that_is_no_longer_sealed_raises_the_alarm_once_an_hour(mail_server: MailServer) -> None:  # noqa: F811
    write("2026-11-22T11:00:00Z")
    with time_machine.travel("2026-11-22T12:00:00Z"):
        sing()
        sing()
    assert [subject for subject in subjects(mail_server) if "audit-not-sealed" in subject] == subjects(mail_server)[:1]


@pytest.mark.parametrize("task", [sing, verify])
def test_a_bent_row_raises_the_alarm_and_is_named(task, mail_server: MailServer) -> None:  # noqa: F811
    row = write()
    seal_new_rows()
    with triggers_off():
        AuditLog.objects.filter(pk=row).update(actor_label="somebody else")
    task()
    assert "audit-tampered" in subjects(mail_server)[0]
    assert f"Row {row} was changed" in mail_server.mails[0].get_content()


def test_an_alarm_that_can_not_be_mailed_is_tried_again(mail_server: MailServer) -> None:  # noqa: F811
    mail_server.refusals.append("452 too many mails")
    write("2026-11-22T11:00:00Z")
    with time_machine.travel("2026-11-22T12:00:00Z"):
        sing()
        assert subjects(mail_server) == []
        sing()
    assert "audit-not-sealed" in subjects(mail_server)[0]


def test_the_state_tells_a_silent_log_from_a_late_one() -> None:
    write("2026-11-22T12:00:00Z")
    conditions = {}
    with time_machine.travel("2026-11-22T12:05:00Z", tick=False):
        conditions["fresh"] = log_state().condition
        seal_new_rows()
    with time_machine.travel("2026-11-22T12:30:00Z", tick=False):
        conditions["nobody writes"] = log_state().condition
    write("2026-11-22T12:30:00Z")
    with time_machine.travel("2026-11-22T12:50:00Z", tick=False):
        conditions["nobody seals"] = log_state().condition
    assert conditions == {
        "fresh": LogCondition.SEALED,
        "nobody writes": LogCondition.SILENT,
        "nobody seals": LogCondition.LATE,
    }


@pytest.mark.django_db
def test_beat_seals_each_minute_watches_every_five_and_verifies_at_night() -> None:
    schedules = {task.task: str(task.scheduler) for task in PeriodicTask.objects.filter(task__startswith="audit.")}
    assert set(schedules) == {"audit.seal", "audit.canary", "audit.verify"}
    assert PeriodicTask.objects.get(task="audit.seal").interval.every == 1
    assert PeriodicTask.objects.get(task="audit.canary").interval.every == 5
    assert PeriodicTask.objects.get(task="audit.verify").crontab.hour == "4"
