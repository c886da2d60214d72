"""Old replies go each night. Made once: what staff change of it in the admin stays."""

from typing import Any

from django.db import migrations


def schedule(apps: Any, _schema_editor: Any) -> None:
    crontabs = apps.get_model("django_celery_beat", "CrontabSchedule")
    tasks = apps.get_model("django_celery_beat", "PeriodicTask")
    nightly, _created = crontabs.objects.get_or_create(minute="40", hour="3", timezone="Asia/Tehran")
    tasks.objects.get_or_create(
        name="Forget old replies",
        defaults={
            "task": "bots.forget_old_replies",
            "crontab": nightly,
            "queue": "default",
            "expire_seconds": 3600,
            "description": "Deletes what bots replied longer ago than the system settings say.",
        },
    )


class Migration(migrations.Migration):
    dependencies = [("bots", "0012_partitions"), ("django_celery_beat", "0019_alter_periodictasks_options")]
    operations = [migrations.RunPython(schedule, migrations.RunPython.noop)]
