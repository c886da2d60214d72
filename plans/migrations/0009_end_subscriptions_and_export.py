"""Who may end subscriptions, and who may take the history of plans and the rows of a move away as a file."""

from django.db import migrations

from accounts.roles import GrantToRoles, Role

EXPORT = {"export_planreleasehistory", "export_subscribermove"}


class Migration(migrations.Migration):
    dependencies = [("plans", "0008_feedback")]

    operations = [
        migrations.AlterModelOptions(
            name="planreleasehistory",
            options={
                "default_permissions": ("view",),
                "ordering": ["-id"],
                "permissions": [("export_planreleasehistory", "Can export the history of plans")],
                "verbose_name": "step of a plan",
                "verbose_name_plural": "history of plans",
            },
        ),
        migrations.AlterModelOptions(
            name="subscribermove",
            options={
                "default_permissions": ("view",),
                "ordering": ["-id"],
                "permissions": [
                    ("move_subscribers", "Can move subscribers to another plan"),
                    ("export_subscribermove", "Can export what became of each subscriber of a move"),
                ],
                "verbose_name": "move of subscribers",
                "verbose_name_plural": "moves of subscribers",
            },
        ),
        GrantToRoles(
            "plans",
            {
                Role.OWNER: {"change_subscription", *EXPORT},
                Role.RELEASE_MANAGER: {"change_subscription", *EXPORT},
                Role.AUDITOR: EXPORT,
            },
        ),
    ]
