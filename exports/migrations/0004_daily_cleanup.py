"""Old files of exports are removed each night. Made once: what staff change of it in the admin stays."""

from typing import Any

from django.db import migrations


def schedule(apps: Any, _schema_editor: Any) -> None:
    crontabs = apps.get_model("django_celery_beat", "CrontabSchedule")
    tasks = apps.get_model("django_celery_beat", "PeriodicTask")
    at_night, _created = crontabs.objects.get_or_create(
        minute="40", hour="3", day_of_week="*", day_of_month="*", month_of_year="*", timezone="Asia/Tehran"
    )
    tasks.objects.get_or_create(
        name="Clean up exports",
        defaults={
            "task": "exports.cleanup",
            "crontab": at_night,
            "queue": "default",
            "expire_seconds": 3600,
            "description": "Destroys the keys of exports whose time is over, and removes their files and orphans.",
        },
    )


class Migration(migrations.Migration):
    dependencies = [("exports", "0002_roles"), ("django_celery_beat", "0019_alter_periodictasks_options")]
    operations = [migrations.RunPython(schedule, migrations.RunPython.noop)]
