from django.db import migrations

from accounts.roles import GrantToRoles, Role

LOOK = {"view_broadcast"}
SEND = LOOK | {"change_broadcast", "send_broadcast"}


class Migration(migrations.Migration):
    dependencies = [("bots", "0004_broadcasts")]
    operations = [
        GrantToRoles(
            "bots",
            {
                Role.OWNER: SEND | {"approve_broadcast"},
                Role.OPERATIONS: SEND | {"approve_broadcast"},
                Role.RELEASE_MANAGER: LOOK | {"approve_broadcast"},
                Role.SUPPORT: LOOK | {"change_broadcast"},
                Role.DATA_OFFICER: LOOK,
                Role.AUDITOR: LOOK,
            },
        ),
    ]
