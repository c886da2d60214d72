from django.db import migrations

from accounts.roles import GrantToRoles, Role, all_actions, views

LOOKED_AT = ("bot", "botuser", "click", "message", "contribution", "poll", "polloption", "pollanswer", "inboundupdate")
EXPORT = {"export_botuser", "view_phone"}


class Migration(migrations.Migration):
    dependencies = [
        ("bots", "0001_initial"),
        ("accounts", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        GrantToRoles(
            "bots",
            {
                Role.OWNER: all_actions("bot") | views(*LOOKED_AT) | EXPORT | {"retry_inboundupdate"},
                Role.DATA_OFFICER: views(*LOOKED_AT) | EXPORT,
                Role.OPERATIONS: all_actions("bot") - {"delete_bot"} | views(*LOOKED_AT) | {"retry_inboundupdate"},
                Role.AUDITOR: views(*LOOKED_AT),
                Role.SUPPORT: views("bot", "botuser", "message", "contribution", "poll"),
                Role.RELEASE_MANAGER: views("bot"),
            },
        ),
    ]
