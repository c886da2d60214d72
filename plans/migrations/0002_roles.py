import plans.entitlements
from django.db import migrations, models

from accounts.roles import GrantToRoles, Role, all_actions, views


class Migration(migrations.Migration):
    dependencies = [
        ("plans", "0001_initial"),
        ("accounts", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        migrations.AlterField(
            model_name="plan",
            name="entitlements",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text='What the plan allows, as names and whole numbers: {"people": 5000, "broadcasts": 10}.',
                validators=[plans.entitlements.validate_entitlements],
                verbose_name="entitlements",
            ),
        ),
        GrantToRoles(
            "plans",
            {
                Role.OWNER: all_actions("plan"),
                Role.RELEASE_MANAGER: all_actions("plan") - {"delete_plan"},
                Role.AUDITOR: views("plan"),
                Role.SUPPORT: views("plan"),
                Role.DATA_OFFICER: views("plan"),
                Role.OPERATIONS: views("plan"),
            },
        ),
    ]
