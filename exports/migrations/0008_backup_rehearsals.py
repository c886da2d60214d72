"""Rehearsals of backups, each week in the night to Friday. Made once: what staff change of the schedule stays."""

from typing import Any

import django.utils.timezone
from django.db import migrations, models


def schedule(apps: Any, _schema_editor: Any) -> None:
    crontabs = apps.get_model("django_celery_beat", "CrontabSchedule")
    tasks = apps.get_model("django_celery_beat", "PeriodicTask")
    each_week, _created = crontabs.objects.get_or_create(
        minute="40", hour="3", day_of_week="5", day_of_month="*", month_of_year="*", timezone="Asia/Tehran"
    )
    tasks.objects.get_or_create(
        name="Rehearse the restore of a backup",
        defaults={
            "task": "exports.rehearse_restore",
            "crontab": each_week,
            "queue": "exports",
            "expire_seconds": 24 * 3600,
            "description": "Restores the last backup into a scratch database and compares all of it.",
        },
    )


class Migration(migrations.Migration):
    dependencies = [
        ("exports", "0007_notices_and_due_exports"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [
        migrations.CreateModel(
            name="BackupRehearsal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "running"), ("passed", "all came back"), ("failed", "failed")],
                        default="running",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("started_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="started")),
                ("finished_at", models.DateTimeField(null=True, verbose_name="finished")),
                ("backup_made_at", models.DateTimeField(null=True, verbose_name="backup of")),
                ("rows", models.PositiveBigIntegerField(default=0, verbose_name="rows")),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
            ],
            options={
                "verbose_name": "rehearsal of a backup",
                "verbose_name_plural": "rehearsals of backups",
                "ordering": ["-id"],
                "default_permissions": (),
            },
        ),
        migrations.RunPython(schedule, migrations.RunPython.noop),
    ]
