from django.db import migrations

from accounts.roles import GrantToRoles, Role


class Migration(migrations.Migration):
    """Who may export the audit log, which can't know of roles itself."""

    dependencies = [
        ("accounts", "0002_roles"),
        ("audit", "0005_find_and_export"),
        ("electionsite", "0001_schedule_roles"),
    ]

    operations = [
        GrantToRoles("audit", {Role.OWNER: {"export_auditlog"}, Role.AUDITOR: {"export_auditlog"}}),
    ]
