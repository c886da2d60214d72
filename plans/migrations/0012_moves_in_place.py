"""Moves write each subscription in place and each subscriber's row once; those at a standstill are looked for.

Indexes that name the plan, and pages without room, would have each move write every index of every subscription anew.
"""

from typing import Any

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

FREE_ROOM = "ALTER TABLE plans_subscription SET (fillfactor = 50)"
NO_ROOM = "ALTER TABLE plans_subscription RESET (fillfactor)"
ROWS_WRITTEN_ONCE = "ALTER TABLE plans_subscribermoverow RESET (fillfactor)"
ROWS_UPDATED = "ALTER TABLE plans_subscribermoverow SET (fillfactor = 50)"
# Rows of moves name both, millions of times. Looking each up, as foreign keys do, took a third of a move's time.
NEVER_DELETED = """
CREATE TRIGGER never_deleted BEFORE DELETE ON plans_subscription
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER never_deleted BEFORE DELETE ON plans_subscribermove
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
DELETED_AGAIN = """
DROP TRIGGER never_deleted ON plans_subscription;
DROP TRIGGER never_deleted ON plans_subscribermove;
"""
# A move that is in the middle while this runs goes on from where it stands.
PARTS_FROM_ROWS = """
WITH waiting AS (
    DELETE FROM plans_subscribermoverow WHERE outcome = 'waiting' RETURNING move_id, subscription_id
)
INSERT INTO plans_subscribermovepart (move_id, subscription_ids)
SELECT move_id, array_agg(subscription_id ORDER BY subscription_id)
FROM (
    SELECT move_id, subscription_id,
        (row_number() OVER (PARTITION BY move_id ORDER BY subscription_id) - 1) / 20000 AS part
    FROM waiting
) AS numbered
GROUP BY move_id, part ORDER BY move_id, part
"""
ROWS_FROM_PARTS = """
WITH waiting AS (DELETE FROM plans_subscribermovepart RETURNING move_id, subscription_ids)
INSERT INTO plans_subscribermoverow (move_id, subscription_id, outcome, why)
SELECT move_id, unnest(subscription_ids), 'waiting', '' FROM waiting
"""


def schedule(apps: Any, _schema_editor: Any) -> None:
    intervals = apps.get_model("django_celery_beat", "IntervalSchedule")
    tasks = apps.get_model("django_celery_beat", "PeriodicTask")
    each_minute, _created = intervals.objects.get_or_create(every=1, period="minutes")
    tasks.objects.get_or_create(
        name="Resume moves of subscribers",
        defaults={"task": "plans.resume_moves", "interval": each_minute, "expire_seconds": 55},
    )


class Migration(migrations.Migration):
    dependencies = [
        ("plans", "0011_release_tracks_roles_and_schedule"),
        ("audit", "0003_append_only"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="subscription", name="running_by_plan"),
        migrations.RemoveIndex(model_name="subscription", name="purchases_by_plan"),
        migrations.AddIndex(
            model_name="subscription", index=models.Index(fields=["started_at"], name="purchases_by_time")
        ),
        migrations.AlterField(
            model_name="subscription",
            name="plan",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="subscriptions",
                to="plans.plan",
                verbose_name="plan",
            ),
        ),
        migrations.RunSQL(FREE_ROOM, NO_ROOM),
        migrations.AddField(
            model_name="subscribermove",
            name="progressed_at",
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name="last progress"),
        ),
        migrations.CreateModel(
            name="SubscriberMovePart",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "subscription_ids",
                    django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None),
                ),
                (
                    "move",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="parts",
                        to="plans.subscribermove",
                    ),
                ),
            ],
            options={
                "verbose_name": "part of a move",
                "verbose_name_plural": "parts of a move",
                "ordering": ["id"],
                "default_permissions": (),
            },
        ),
        migrations.AlterField(
            model_name="subscribermoverow",
            name="move",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rows",
                to="plans.subscribermove",
            ),
        ),
        migrations.AlterField(
            model_name="subscribermoverow",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("moved", "moved"),
                    ("skipped", "skipped"),
                    ("failed", "failed"),
                    ("returned", "moved and moved back"),
                    ("kept", "moved, and not moved back"),
                ],
                max_length=10,
                verbose_name="outcome",
            ),
        ),
        migrations.AlterField(
            model_name="subscribermoverow",
            name="subscription",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="moves",
                to="plans.subscription",
            ),
        ),
        migrations.RunSQL(NEVER_DELETED, DELETED_AGAIN),
        migrations.RunSQL(ROWS_WRITTEN_ONCE, ROWS_UPDATED),
        migrations.RunSQL(PARTS_FROM_ROWS, ROWS_FROM_PARTS),
        migrations.RunPython(schedule, migrations.RunPython.noop),
    ]
