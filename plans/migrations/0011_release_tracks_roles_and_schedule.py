"""Who sees release tracks; and each minute they are looked after. What staff change of it stays."""

from typing import Any

from django.db import migrations

from accounts.roles import GrantToRoles, Role, views


def schedule(apps: Any, _schema_editor: Any) -> None:
    intervals = apps.get_model("django_celery_beat", "IntervalSchedule")
    tasks = apps.get_model("django_celery_beat", "PeriodicTask")
    every_minute, _created = intervals.objects.get_or_create(every=1, period="minutes")
    tasks.objects.get_or_create(
        name="Look after release tracks",
        defaults={"task": "plans.tick_tracks", "interval": every_minute, "expire_seconds": 55},
    )


class Migration(migrations.Migration):
    dependencies = [
        ("plans", "0010_release_tracks"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [
        GrantToRoles(
            "plans",
            {
                Role.OWNER: views("releasetrack"),
                Role.RELEASE_MANAGER: views("releasetrack"),
                Role.AUDITOR: views("releasetrack"),
            },
        ),
        migrations.RunPython(schedule, migrations.RunPython.noop),
    ]
