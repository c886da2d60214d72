"""Who sees locked sign-ins. Outdated guards are forgotten each hour: made once, what staff change of it stays."""

from typing import Any

from django.db import migrations

from accounts.roles import GrantToRoles, Role, views


def schedule(apps: Any, _schema_editor: Any) -> None:
    intervals = apps.get_model("django_celery_beat", "IntervalSchedule")
    tasks = apps.get_model("django_celery_beat", "PeriodicTask")
    every_hour, _created = intervals.objects.get_or_create(every=1, period="hours")
    tasks.objects.get_or_create(
        name="Forget outdated sign-in guards",
        defaults={
            "task": "accounts.forget_outdated_guards",
            "interval": every_hour,
            "expire_seconds": 600,
            "description": "Deletes counts of failed sign-ins and locks that have ended.",
        },
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_password_records_and_sign_in_guards"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [
        GrantToRoles("accounts", {Role.OWNER: views("signinguard"), Role.AUDITOR: views("signinguard")}),
        migrations.RunPython(schedule, migrations.RunPython.noop),
    ]
