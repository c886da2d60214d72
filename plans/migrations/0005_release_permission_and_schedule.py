"""Who may put plans on sale; and due releases are looked for every twenty seconds. What staff change of it stays."""

from typing import Any

from django.db import migrations

from accounts.roles import GrantToRoles, Role


def schedule(apps: Any, _schema_editor: Any) -> None:
    intervals = apps.get_model("django_celery_beat", "IntervalSchedule")
    tasks = apps.get_model("django_celery_beat", "PeriodicTask")
    every_twenty, _created = intervals.objects.get_or_create(every=20, period="seconds")
    tasks.objects.get_or_create(
        name="Release due plans",
        defaults={"task": "plans.release_due_plans", "interval": every_twenty, "expire_seconds": 18},
    )


class Migration(migrations.Migration):
    dependencies = [
        ("plans", "0004_history_append_only"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="plan",
            options={
                "ordering": ["price_rials", "code"],
                "permissions": [("release_plan", "Can put plans on sale and take them off")],
                "verbose_name": "plan",
                "verbose_name_plural": "plans",
            },
        ),
        GrantToRoles("plans", {Role.OWNER: {"release_plan"}, Role.RELEASE_MANAGER: {"release_plan"}}),
        migrations.RunPython(schedule, migrations.RunPython.noop),
    ]
