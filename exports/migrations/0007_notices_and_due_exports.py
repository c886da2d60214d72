"""Mails about exports; each due moment of a schedule makes one run; beat looks for what is due twice a minute."""

import uuid
from typing import Any

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import exports.models.schedule

HALF_A_MINUTE = 30


def schedule(apps: Any, _schema_editor: Any) -> None:
    intervals = apps.get_model("django_celery_beat", "IntervalSchedule")
    tasks = apps.get_model("django_celery_beat", "PeriodicTask")
    interval, _created = intervals.objects.get_or_create(every=HALF_A_MINUTE, period="seconds")
    for name, task, description in (
        ("Make due exports", "exports.make_due_exports", "Begins the scheduled exports whose time has come."),
        ("Send mails about exports", "exports.send_notices", "Sends what waits to be sent, or to be tried again."),
    ):
        defaults = {"task": task, "interval": interval, "queue": "default", "expire_seconds": HALF_A_MINUTE}
        tasks.objects.get_or_create(name=name, defaults={**defaults, "description": description})


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("exports", "0005_parts_manifest_and_sweep"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [
        migrations.AddField(
            model_name="scheduledexport",
            name="starts_on",
            field=models.DateField(default=exports.models.schedule.today_in_tehran, verbose_name="counts from"),
        ),
        migrations.AddField(
            model_name="scheduledexport",
            name="last_failure",
            field=models.TextField(blank=True, default="", verbose_name="last failure"),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            model_name="dataexportlog",
            constraint=models.UniqueConstraint(
                condition=models.Q(("retry_of__isnull", True)),
                fields=("schedule", "due_at"),
                name="one_run_for_each_due_moment",
            ),
        ),
        migrations.CreateModel(
            name="ExportNotice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("ready", "the file is ready"),
                            ("failed", "the export failed"),
                            ("withheld", "somebody got no link"),
                            ("refused", "a run could not begin"),
                            ("stopped", "the schedule was stopped"),
                        ],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waits to be sent"),
                            ("sending", "being sent"),
                            ("sent", "sent"),
                            ("uncertain", "perhaps sent"),
                            ("failed", "not sent"),
                            ("withheld", "withheld"),
                        ],
                        default="waiting",
                        max_length=9,
                        verbose_name="state",
                    ),
                ),
                ("reason", models.TextField(blank=True, verbose_name="reason")),
                ("answer", models.TextField(blank=True, verbose_name="answer of the mail server")),
                ("attempts", models.PositiveSmallIntegerField(default=0, verbose_name="attempts")),
                ("send_after", models.DateTimeField(default=django.utils.timezone.now, verbose_name="is sent after")),
                ("claimed_at", models.DateTimeField(editable=False, null=True)),
                ("sent_at", models.DateTimeField(null=True, verbose_name="sent")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="created")),
                (
                    "recipient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="recipient",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="exports.dataexportlog",
                        verbose_name="export",
                    ),
                ),
                (
                    "schedule",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to="exports.scheduledexport",
                        verbose_name="schedule",
                    ),
                ),
            ],
            options={
                "verbose_name": "mail about an export",
                "verbose_name_plural": "mails about exports",
                "ordering": ["id"],
                "default_permissions": (),
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ("waiting", "sending"))),
                        fields=["send_after"],
                        name="notices_to_send",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("run", "recipient", "kind"), name="one_notice_of_a_run_for_each_person"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("run__isnull", False), ("schedule__isnull", False), _connector="OR"),
                        name="notice_is_about_something",
                    ),
                ],
            },
        ),
        migrations.RunPython(schedule, migrations.RunPython.noop),
    ]
