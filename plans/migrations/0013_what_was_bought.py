import django.db.models.deletion
from django.db import migrations, models

# The first move of a subscription tells what it was before, also where it was undone. Checks of the new column that
# wait for the commit would forbid the next change of the table.
FIRST_PLAN = """
SET CONSTRAINTS ALL IMMEDIATE;
UPDATE plans_subscription SET bought_plan_id = plan_id;
UPDATE plans_subscription SET bought_plan_id = first.old_plan_id
FROM (
    SELECT DISTINCT ON (row.subscription_id) row.subscription_id, move.old_plan_id
    FROM plans_subscribermoverow AS row JOIN plans_subscribermove AS move ON move.id = row.move_id
    WHERE row.outcome IN ('moved', 'returned', 'kept')
    ORDER BY row.subscription_id, row.move_id
) AS first
WHERE first.subscription_id = plans_subscription.id;
SET CONSTRAINTS ALL DEFERRED;
"""


def bought_plan(**options: bool) -> models.ForeignKey:
    return models.ForeignKey(
        db_index=False,
        editable=False,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="purchases",
        to="plans.plan",
        verbose_name="plan that was bought",
        **options,
    )


class Migration(migrations.Migration):
    """A subscription tells what was bought, too: after a move it had told only what it had become."""

    dependencies = [("plans", "0012_moves_in_place")]

    operations = [
        migrations.AddField(model_name="subscription", name="bought_plan", field=bought_plan(null=True)),
        migrations.RunSQL(FIRST_PLAN, migrations.RunSQL.noop),
        migrations.AlterField(model_name="subscription", name="bought_plan", field=bought_plan()),
        migrations.RemoveIndex(model_name="subscription", name="purchases_by_time"),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(fields=["bought_plan", "started_at"], name="purchases_by_plan"),
        ),
    ]
