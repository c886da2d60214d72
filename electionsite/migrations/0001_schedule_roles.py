from django.db import migrations

from accounts.roles import GrantToRoles, Role, all_actions, views

SCHEDULES = ("periodictask", "crontabschedule", "intervalschedule")


class Migration(migrations.Migration):
    """Who may see and change the schedules of django-celery-beat, which brings no roles of ours."""

    initial = True

    dependencies = [
        ("accounts", "0002_roles"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [
        GrantToRoles(
            "django_celery_beat",
            {
                Role.OWNER: all_actions(*SCHEDULES),
                Role.OPERATIONS: all_actions(*SCHEDULES),
                Role.AUDITOR: views(*SCHEDULES),
            },
        ),
    ]
