"""The log is sealed every minute, watched every five, verified every night. Made once: what staff change stays."""

from typing import Any

from django.db import migrations


def schedule(apps: Any, _schema_editor: Any) -> None:
    intervals = apps.get_model("django_celery_beat", "IntervalSchedule")
    crontabs = apps.get_model("django_celery_beat", "CrontabSchedule")
    every_minute, _created = intervals.objects.get_or_create(every=1, period="minutes")
    every_five, _created = intervals.objects.get_or_create(every=5, period="minutes")
    at_night, _created = crontabs.objects.get_or_create(
        minute="10", hour="4", day_of_week="*", day_of_month="*", month_of_year="*", timezone="Asia/Tehran"
    )
    _make(apps, "Seal the audit log", "audit.seal", interval=every_minute, expire_seconds=55)
    _make(apps, "Audit canary", "audit.canary", interval=every_five, expire_seconds=240)
    _make(apps, "Verify the audit log", "audit.verify", crontab=at_night, expire_seconds=3600)


def _make(apps: Any, name: str, task: str, **how: Any) -> None:
    tasks = apps.get_model("django_celery_beat", "PeriodicTask")
    tasks.objects.get_or_create(name=name, defaults={"task": task, **how})


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0003_append_only"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [migrations.RunPython(schedule, migrations.RunPython.noop)]
