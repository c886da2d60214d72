"""Tombstones only grow, by the same trigger as the audit log; who may see and do what; who asked for it is erased soon.

What staff change of the schedule in the admin stays.
"""

from typing import Any

from django.db import migrations

from accounts.roles import GrantToRoles, Role, views

PROTECT = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bots_erasedperson
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE bots_erasedperson ENABLE ALWAYS TRIGGER append_only;
"""
LOOK = views("bottext")
WRITE = LOOK | {"change_bottext"}


def schedule(apps: Any, _schema_editor: Any) -> None:
    intervals = apps.get_model("django_celery_beat", "IntervalSchedule")
    tasks = apps.get_model("django_celery_beat", "PeriodicTask")
    interval, _created = intervals.objects.get_or_create(every=10, period="seconds")
    tasks.objects.get_or_create(
        name="Erase who asked for it",
        defaults={
            "task": "bots.erase_who_asked",
            "interval": interval,
            "queue": "default",
            "expire_seconds": 10,
            "description": "Erases the people who asked their bot for it, once its last reply has gone out.",
        },
    )


class Migration(migrations.Migration):
    dependencies = [
        ("bots", "0010_conversation"),
        ("audit", "0003_append_only"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [
        migrations.RunSQL(PROTECT, "DROP TRIGGER append_only ON bots_erasedperson"),
        GrantToRoles(
            "bots",
            {
                Role.OWNER: WRITE | {"erase_botuser"},
                Role.DATA_OFFICER: LOOK | {"erase_botuser"},
                Role.SUPPORT: WRITE,
                Role.RELEASE_MANAGER: LOOK,
                Role.OPERATIONS: LOOK,
                Role.AUDITOR: LOOK,
            },
        ),
        migrations.RunPython(schedule, migrations.RunPython.noop),
    ]
