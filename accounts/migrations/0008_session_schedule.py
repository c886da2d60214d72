"""Sessions that have ended are cleaned up every ten minutes. Made once: what staff change of it stays."""

from typing import Any

from django.db import migrations


def schedule(apps: Any, _schema_editor: Any) -> None:
    intervals = apps.get_model("django_celery_beat", "IntervalSchedule")
    tasks = apps.get_model("django_celery_beat", "PeriodicTask")
    every_ten_minutes, _created = intervals.objects.get_or_create(every=10, period="minutes")
    tasks.objects.get_or_create(
        name="Clean up sessions",
        defaults={
            "task": "accounts.clean_sessions",
            "interval": every_ten_minutes,
            "expire_seconds": 300,
            "description": "Ends sessions that nobody came back to, and deletes what is left of old ones.",
        },
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_staff_session"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(schedule, migrations.RunPython.noop)]
