"""Lists that staff import from files, and who may; and who may export the lists about plans."""

import uuid

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import common.fields
from accounts.roles import GrantToRoles, Role, views

IMPORT = {"import_data"} | views("dataimport")


class Migration(migrations.Migration):
    dependencies = [
        ("exports", "0008_backup_rehearsals"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="dataexportlog",
            options={
                "default_permissions": ("view",),
                "ordering": ["-id"],
                "permissions": [
                    ("export_candidate_data", "Can export all data of a candidate"),
                    ("export_contributions", "Can export contributions"),
                    ("export_messages", "Can export messages"),
                    ("export_analytics", "Can export analytics"),
                    ("export_poll_results", "Can export poll results"),
                    ("export_exports", "Can export the list of exports"),
                    ("export_plans", "Can export plans, testers and campaigns"),
                    ("export_backup", "Can make a complete backup"),
                    ("approve_export", "Can approve large exports of others"),
                    ("manage_exports", "Can cancel, retry and remove exports of others"),
                ],
                "verbose_name": "export",
                "verbose_name_plural": "exports",
            },
        ),
        migrations.CreateModel(
            name="DataImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("candidates", "candidates"),
                            ("plans", "plans"),
                            ("testers", "beta testers"),
                            ("campaigns", "discount campaigns"),
                        ],
                        max_length=16,
                        verbose_name="kind",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("done", "done"), ("undone", "undone"), ("partly_undone", "undone in part")],
                        default="done",
                        max_length=16,
                        verbose_name="state",
                    ),
                ),
                ("file_name", models.CharField(max_length=200, verbose_name="file")),
                ("created_count", models.PositiveIntegerField(default=0, verbose_name="new")),
                ("changed_count", models.PositiveIntegerField(default=0, verbose_name="changed")),
                ("unchanged_count", models.PositiveIntegerField(default=0, verbose_name="unchanged")),
                ("kept_count", models.PositiveIntegerField(default=0, verbose_name="not undone")),
                ("rows", common.fields.EncryptedTextField(blank=True, default="", verbose_name="former values")),
                ("done_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="imported")),
                ("undo_until", models.DateTimeField(verbose_name="can be undone until")),
                ("undone_at", models.DateTimeField(null=True, verbose_name="undone at")),
                (
                    "done_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="imported by",
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="undone by",
                    ),
                ),
            ],
            options={
                "verbose_name": "import",
                "verbose_name_plural": "imports",
                "ordering": ["-id"],
                "permissions": [("import_data", "Can import candidates, plans, testers and campaigns from files")],
                "default_permissions": ("view",),
            },
        ),
        GrantToRoles(
            "exports",
            {
                Role.OWNER: IMPORT | {"export_plans"},
                Role.RELEASE_MANAGER: IMPORT | {"export_plans"},
                Role.DATA_OFFICER: IMPORT | {"export_plans"},
                Role.AUDITOR: views("dataimport"),
            },
        ),
    ]
