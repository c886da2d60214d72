from django.db import migrations

from accounts.roles import GrantToRoles, Role


class Migration(migrations.Migration):
    """Who may see and change the system settings."""

    dependencies = [
        ("accounts", "0002_roles"),
        ("constance", "0003_drop_pickle"),
        ("electionsite", "0002_audit_log_export_role"),
    ]

    operations = [
        GrantToRoles(
            "constance",
            {
                Role.OWNER: {"view_config", "change_config"},
                Role.OPERATIONS: {"view_config"},
                Role.AUDITOR: {"view_config"},
            },
        ),
    ]
