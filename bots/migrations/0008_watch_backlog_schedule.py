"""Somebody looks every minute how long updates wait. Made once: what staff change of it in the admin stays."""

from typing import Any

from django.db import migrations


def schedule(apps: Any, _schema_editor: Any) -> None:
    intervals = apps.get_model("django_celery_beat", "IntervalSchedule")
    tasks = apps.get_model("django_celery_beat", "PeriodicTask")
    every_minute, _created = intervals.objects.get_or_create(every=1, period="minutes")
    tasks.objects.get_or_create(
        name="Watch the inbox",
        defaults={
            "task": "bots.watch_backlog",
            "interval": every_minute,
            "queue": "default",
            "expire_seconds": 30,
            "description": "Raises an alarm when updates wait too long in the inbox.",
        },
    )


class Migration(migrations.Migration):
    dependencies = [("bots", "0007_staff_side_data"), ("django_celery_beat", "0019_alter_periodictasks_options")]
    operations = [migrations.RunPython(schedule, migrations.RunPython.noop)]
