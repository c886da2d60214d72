from django.conf import settings
from django.db import migrations, models
from django.db.models.deletion import CASCADE


class Migration(migrations.Migration):
    """Which passwords people had, and how many sign-ins failed."""

    dependencies = [
        ("accounts", "0004_allowed_network"),
    ]

    operations = [
        migrations.CreateModel(
            name="PasswordRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hash", models.CharField(max_length=128)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=CASCADE, related_name="password_records", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "verbose_name": "earlier password",
                "verbose_name_plural": "earlier passwords",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="SignInGuard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "guard",
                    models.CharField(
                        choices=[("pair", "Name and address"), ("name", "Name, from anywhere")],
                        max_length=8,
                        verbose_name="what is locked",
                    ),
                ),
                ("name_fingerprint", models.CharField(max_length=64)),
                ("network", models.CharField(blank=True, max_length=43, verbose_name="address")),
                ("attempts", models.PositiveIntegerField(verbose_name="failed attempts")),
                ("ends_at", models.DateTimeField(db_index=True, verbose_name="ends")),
                (
                    "user",
                    models.ForeignKey(
                        null=True,
                        on_delete=CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="staff member",
                    ),
                ),
            ],
            options={
                "verbose_name": "locked sign-in",
                "verbose_name_plural": "locked sign-ins",
                "ordering": ["ends_at"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("guard", "name_fingerprint", "network"), name="sign_in_guard_once"
                    )
                ],
            },
        ),
    ]
