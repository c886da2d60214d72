"""What the audit log tells of a change made in the admin: before and after, of everything, and no secrets."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django_celery_beat.models import CrontabSchedule, PeriodicTask

from accounts.models import StaffScope
from accounts.roles import Role
from accounts.testing import make_candidate, make_staff, sign_in
from audit.changes import form_changes
from audit.models import AuditLog
from bots.models import Bot

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return sign_in(make_staff(Role.OWNER))


def test_a_changed_reference_is_told_by_name_and_number(client: Client) -> None:
    before, after = make_candidate("sara", name="Sara"), make_candidate("reza", name="Reza")
    bot = Bot.objects.create(candidate=before, slug="sara-1", name="Sara's bot")
    form = {"candidate": after.pk, "slug": "sara-1", "name": "Sara's bot", "platform": "telegram"}

    client.post(f"/admin/bots/bot/{bot.pk}/change/", form)

    details = AuditLog.objects.get(action="bots.bot.change").details
    assert details["before"] == {"candidate": f"Sara (#{before.pk})"}
    assert details["after"] == {"candidate": f"Reza (#{after.pk})"}


def test_what_a_deleted_object_held_is_kept_without_its_secrets(client: Client) -> None:
    candidate = make_candidate("sara", name="Sara", city="shiraz", phone="09127005026", email="sara@example.ir")

    client.post(f"/admin/accounts/candidate/{candidate.pk}/delete/", {"post": "yes"})

    row = AuditLog.objects.get(action="accounts.candidate.delete")
    assert row.details["before"] == {"code": "sara", "name": "Sara", "city": "shiraz"}


def test_each_of_many_deleted_objects_has_a_row_that_tells_how_many(client: Client) -> None:
    chosen = [make_candidate(name=f"Candidate {number}").pk for number in range(3)]

    client.post("/admin/accounts/candidate/", {"action": "delete_selected", "_selected_action": chosen, "post": "yes"})

    rows = AuditLog.objects.filter(action="accounts.candidate.delete")
    assert {row.details["before"]["name"] for row in rows} == {f"Candidate {number}" for number in range(3)}
    assert {row.details["deleted_together"] for row in rows} == {3}
    assert not LogEntry.objects.exists()


def test_rows_within_a_page_are_told_before_and_after(client: Client) -> None:
    ali = make_staff(username="ali", regions=["tehran", "isfahan"])
    changed, deleted = StaffScope.objects.filter(user=ali).order_by("-region")
    form = {
        "username": "ali", "is_active": "on", "is_limited_to_scopes": "on", "full_name": "", "email": "",
        "scopes-TOTAL_FORMS": "3", "scopes-INITIAL_FORMS": "2",
        "scopes-0-id": changed.pk, "scopes-0-user": ali.pk, "scopes-0-region": "other",
        "scopes-1-id": deleted.pk, "scopes-1-user": ali.pk, "scopes-1-region": "isfahan", "scopes-1-DELETE": "on",
        "scopes-2-user": ali.pk, "scopes-2-region": "tehran",
    }  # fmt: skip

    client.post(f"/admin/accounts/user/{ali.pk}/change/", form)

    related = {row["verb"]: row for row in AuditLog.objects.get(action="accounts.user.change").details["related"]}
    assert related["add"]["after"] == {"region": "tehran"}
    assert (related["change"]["before"], related["change"]["after"]) == ({"region": "tehran"}, {"region": "other"})
    assert related["delete"]["before"]["region"] == "isfahan"


def test_many_to_many_choices_are_told_by_name_before_and_after() -> None:
    from django.contrib.auth.models import Group
    from django.forms import modelform_factory

    user = make_staff(Role.SUPPORT)
    wanted = Group.objects.get(name=Role.AUDITOR)
    form = modelform_factory(type(user), fields=["groups"])({"groups": [wanted.pk]}, instance=user)
    assert form.is_valid()

    details = form_changes(form)

    assert [name.partition(" (")[0] for name in details["before"]["groups"]] == ["support"]
    assert details["after"]["groups"] == [f"auditor (#{wanted.pk})"]


def test_a_changed_schedule_is_told_before_and_after(client: Client) -> None:
    crontab = CrontabSchedule.objects.create(minute="30", hour="3", timezone="Asia/Tehran")
    task = PeriodicTask.objects.create(name="nightly", task="x.y", crontab=crontab)
    form = {
        "minute": "15", "hour": "3", "day_of_week": "*", "day_of_month": "*", "month_of_year": "*",
        "timezone": "Asia/Tehran", "periodictask_set-TOTAL_FORMS": "0", "periodictask_set-INITIAL_FORMS": "0",
    }  # fmt: skip

    client.post(f"/admin/django_celery_beat/crontabschedule/{crontab.pk}/change/", form)

    row = AuditLog.objects.get(action="django_celery_beat.crontabschedule.change")
    assert (row.details["before"], row.details["after"]) == ({"minute": "30"}, {"minute": "15"})
    assert PeriodicTask.objects.get(pk=task.pk).crontab == crontab
