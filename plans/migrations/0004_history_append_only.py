"""The history of plans only grows, by the same trigger as the audit log; and who may see what."""

from django.db import migrations

from accounts.roles import GrantToRoles, Role, views

PROTECT = """
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON plans_planreleasehistory
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
ALTER TABLE plans_planreleasehistory ENABLE ALWAYS TRIGGER append_only;
"""
READ = views("planreleasehistory", "subscription", "betatester", "discountcampaign", "campaignuse")
TESTERS = {"add_betatester", "change_betatester"}
CAMPAIGNS = {"add_discountcampaign", "change_discountcampaign"}


class Migration(migrations.Migration):
    dependencies = [("plans", "0003_stages"), ("audit", "0003_append_only"), ("accounts", "0002_roles")]

    operations = [
        migrations.RunSQL(PROTECT, "DROP TRIGGER append_only ON plans_planreleasehistory"),
        GrantToRoles(
            "plans",
            {
                Role.OWNER: READ | TESTERS | CAMPAIGNS | {"add_subscription"},
                Role.RELEASE_MANAGER: READ | TESTERS | CAMPAIGNS | {"add_subscription"},
                Role.AUDITOR: READ,
                Role.SUPPORT: READ,
                Role.DATA_OFFICER: READ,
                Role.OPERATIONS: views("planreleasehistory"),
            },
        ),
    ]
