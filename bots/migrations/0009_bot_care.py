"""What the platforms tell of bots, and whether their candidates' plans run. Made once: what staff change of the
schedules in the admin stays."""

from typing import Any

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

import common.fields

EVERY_FIVE_MINUTES = (
    ("Watch the bots", "bots.watch_bots", "Asks the platforms how bots' updates get here, and raises alarms."),
    ("Pause and resume bots", "bots.follow_plans", "Bots pause when their candidate's plan has ended."),
)


def schedule(apps: Any, _schema_editor: Any) -> None:
    intervals = apps.get_model("django_celery_beat", "IntervalSchedule")
    crontabs = apps.get_model("django_celery_beat", "CrontabSchedule")
    tasks = apps.get_model("django_celery_beat", "PeriodicTask")
    every_five_minutes, _created = intervals.objects.get_or_create(every=5, period="minutes")
    for name, task, description in EVERY_FIVE_MINUTES:
        usual = {"interval": every_five_minutes, "queue": "default", "expire_seconds": 240}
        tasks.objects.get_or_create(name=name, defaults={**usual, "task": task, "description": description})
    daily = {"minute": "45", "hour": "4", "timezone": "Asia/Tehran"}
    crontab, _created = crontabs.objects.get_or_create(**daily)
    tasks.objects.get_or_create(
        name="Check the bots' tokens",
        defaults={
            "task": "bots.check_tokens",
            "crontab": crontab,
            "queue": "default",
            "expire_seconds": 3600,
            "description": "Asks the platforms whether bots' tokens are still good.",
        },
    )


TROUBLES = [
    ("token", "The platform refuses the token."),
    ("address", "The platform sends the updates to another address, or nowhere."),
    ("delivery", "The platform can't deliver updates here."),
    ("waiting", "Too many updates wait at the platform."),
    ("silence", "The platform can't be reached."),
]


class Migration(migrations.Migration):
    dependencies = [
        ("bots", "0008_watch_backlog_schedule"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [
        migrations.AddField(
            "bot", "username", models.CharField(blank=True, editable=False, max_length=64, verbose_name="username")
        ),
        migrations.AddField(
            "bot",
            "proxy",
            common.fields.EncryptedTextField(
                blank=True,
                default="",
                help_text="Where the platform can be reached only through one, such as http://user:password@host:3128.",
                verbose_name="proxy",
            ),
        ),
        migrations.AddField(
            "bot",
            "receives_by",
            models.CharField(
                choices=[("webhook", "the platform sends them"), ("polling", "they are fetched")],
                default="webhook",
                editable=False,
                max_length=8,
                verbose_name="updates",
            ),
        ),
        migrations.AddField("bot", "webhook_url", models.URLField(blank=True, editable=False, max_length=500)),
        migrations.AddField(
            "bot",
            "paused_at",
            models.DateTimeField(blank=True, editable=False, null=True, verbose_name="paused since"),
        ),
        migrations.CreateModel(
            name="BotHealth",
            fields=[
                (
                    "bot",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="health",
                        serialize=False,
                        to="bots.bot",
                        verbose_name="bot",
                    ),
                ),
                ("checked_at", models.DateTimeField(null=True, verbose_name="last looked")),
                ("reached_at", models.DateTimeField(null=True, verbose_name="platform last reached")),
                ("token_checked_at", models.DateTimeField(null=True, verbose_name="token last checked")),
                ("waiting", models.PositiveIntegerField(default=0, verbose_name="updates that wait at the platform")),
                ("sends_to", models.CharField(blank=True, max_length=255, verbose_name="sends updates to")),
                ("last_error", models.CharField(blank=True, max_length=300, verbose_name="the platform's last error")),
                ("last_error_at", models.DateTimeField(null=True, verbose_name="time of the last error")),
                ("answer", models.CharField(blank=True, max_length=300, verbose_name="why the last look failed")),
                (
                    "troubles",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(choices=TROUBLES, max_length=8),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
            ],
            options={
                "verbose_name": "health of a bot",
                "verbose_name_plural": "health of bots",
                "default_permissions": (),
            },
        ),
        migrations.RunPython(schedule, migrations.RunPython.noop),
    ]
