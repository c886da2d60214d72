from django.db import migrations

from accounts.roles import GrantToRoles, Role, all_actions, views


class Migration(migrations.Migration):
    """The six roles, with what they may do in accounts and in the audit log (which can't know of roles itself)."""

    dependencies = [
        ("accounts", "0001_initial"),
        ("audit", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="candidate",
            options={
                "ordering": ["name"],
                "permissions": [("view_contact", "Can view candidates' phone and e-mail")],
                "verbose_name": "candidate",
                "verbose_name_plural": "candidates",
            },
        ),
        GrantToRoles(
            "accounts",
            {
                Role.OWNER: all_actions("user", "candidate", "staffscope") | {"view_contact"},
                Role.AUDITOR: views("user", "candidate", "staffscope"),
                Role.SUPPORT: views("candidate") | {"view_contact"},
                Role.OPERATIONS: views("candidate"),
                Role.DATA_OFFICER: views("candidate"),
                Role.RELEASE_MANAGER: views("candidate"),
            },
        ),
        GrantToRoles("audit", {Role.OWNER: views("auditlog"), Role.AUDITOR: views("auditlog")}),
    ]
