"""Bulk exports and manifests; and runs whose worker or whose task was lost are looked for every twenty seconds."""

from typing import Any

from django.db import migrations, models


def schedule(apps: Any, _schema_editor: Any) -> None:
    intervals = apps.get_model("django_celery_beat", "IntervalSchedule")
    tasks = apps.get_model("django_celery_beat", "PeriodicTask")
    every_twenty_seconds, _created = intervals.objects.get_or_create(every=20, period="seconds")
    tasks.objects.get_or_create(
        name="Look after exports",
        defaults={
            "task": "exports.sweep",
            "interval": every_twenty_seconds,
            "queue": "default",
            "expire_seconds": 20,
            "description": "Gives waiting exports, and those whose worker died, to a worker.",
        },
    )


class Migration(migrations.Migration):
    dependencies = [("exports", "0004_daily_cleanup"), ("django_celery_beat", "0019_alter_periodictasks_options")]

    operations = [
        migrations.AddField(
            model_name="dataexportlog",
            name="parts",
            field=models.JSONField(blank=True, default=list, verbose_name="files"),
        ),
        migrations.AddField(
            model_name="dataexportlog",
            name="manifest",
            field=models.JSONField(blank=True, default=dict, verbose_name="manifest"),
        ),
        migrations.AddField(
            model_name="dataexportlog",
            name="rows_are_estimated",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddField(
            model_name="dataexportlog",
            name="cancel_asked_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunPython(schedule, migrations.RunPython.noop),
    ]
