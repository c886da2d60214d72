from django.conf import settings
from django.db import migrations, models
from django.db.models.deletion import SET_NULL

import common.networks
from accounts.roles import GrantToRoles, Role, all_actions, views


class Migration(migrations.Migration):
    """The networks from which the admin can be reached."""

    dependencies = [
        ("accounts", "0003_replace_authenticator"),
    ]

    operations = [
        migrations.CreateModel(
            name="AllowedNetwork",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "network",
                    common.networks.NetworkField(
                        error_messages={"unique": "This network is in the list already."},
                        help_text="Such as 192.0.2.0/24 or 2001:db8::/32; a single address is a network of one.",
                        unique=True,
                        verbose_name="network",
                    ),
                ),
                (
                    "note",
                    models.CharField(blank=True, help_text="Whose network it is.", max_length=200, verbose_name="note"),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created")),
                (
                    "created_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="created by",
                    ),
                ),
            ],
            options={
                "verbose_name": "allowed network",
                "verbose_name_plural": "allowed networks",
                "ordering": ["network"],
            },
        ),
        GrantToRoles(
            "accounts",
            {Role.OWNER: all_actions("allowednetwork"), Role.AUDITOR: views("allowednetwork")},
        ),
    ]
