"""Who may export what, who approves, and who keeps the schedules."""

from django.db import migrations

from accounts.roles import GrantToRoles, Role, all_actions, views

DATASETS = {
    "export_candidate_data",
    "export_contributions",
    "export_messages",
    "export_analytics",
    "export_poll_results",
    "export_exports",
}
LISTS = views("dataexportlog", "downloadlink", "scheduledexport")
KEEP = {"approve_export", "manage_exports", "manage_schedules"}


class Migration(migrations.Migration):
    dependencies = [("exports", "0001_runs_links_and_schedules")]

    operations = [
        GrantToRoles(
            "exports",
            {
                Role.OWNER: DATASETS | KEEP | LISTS | all_actions("scheduledexport") | {"export_backup"},
                Role.DATA_OFFICER: DATASETS | KEEP | LISTS | all_actions("scheduledexport") | {"export_backup"},
                Role.OPERATIONS: LISTS | {"manage_exports", "manage_schedules", "export_exports"},
                Role.AUDITOR: LISTS | {"export_exports"},
            },
        ),
    ]
