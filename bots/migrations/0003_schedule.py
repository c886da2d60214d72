"""The inbox is drained every second. Made once: what staff change of it in the admin stays."""

from typing import Any

from django.db import migrations


def schedule(apps: Any, _schema_editor: Any) -> None:
    intervals = apps.get_model("django_celery_beat", "IntervalSchedule")
    tasks = apps.get_model("django_celery_beat", "PeriodicTask")
    every_second, _created = intervals.objects.get_or_create(every=1, period="seconds")
    tasks.objects.get_or_create(
        name="Drain the inbox",
        defaults={
            "task": "bots.project_inbox",
            "interval": every_second,
            "queue": "projection",
            # A tick that found no worker within this time is dropped: the next one does its work.
            "expire_seconds": 5,
            "description": "Makes people, clicks, messages and votes of the updates that wait in the inbox.",
        },
    )


class Migration(migrations.Migration):
    dependencies = [("bots", "0002_roles"), ("django_celery_beat", "0019_alter_periodictasks_options")]
    operations = [migrations.RunPython(schedule, migrations.RunPython.noop)]
