"""Moves of subscribers from plan to plan; and who may make them."""

import django.db.models.deletion
import django.db.models.expressions
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from accounts.roles import GrantToRoles, Role, views


class Migration(migrations.Migration):

    dependencies = [
        ('plans', '0005_release_permission_and_schedule'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SubscriberMove',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(max_length=500, verbose_name='reason')),
                ('state', models.CharField(choices=[('queued', 'waiting to begin'), ('running', 'running'), ('done', 'done'), ('undoing', 'being undone'), ('undone', 'undone')], default='queued', max_length=10, verbose_name='state')),
                ('before_count', models.PositiveIntegerField(default=0, verbose_name='subscribers before')),
                ('moved_count', models.PositiveIntegerField(default=0, verbose_name='moved')),
                ('skipped_count', models.PositiveIntegerField(default=0, verbose_name='skipped')),
                ('failed_count', models.PositiveIntegerField(default=0, verbose_name='failed')),
                ('returned_count', models.PositiveIntegerField(default=0, verbose_name='moved back')),
                ('kept_count', models.PositiveIntegerField(default=0, verbose_name='not moved back')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='created')),
                ('started_at', models.DateTimeField(null=True, verbose_name='started')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished')),
                ('undo_until', models.DateTimeField(null=True, verbose_name='can be undone until')),
                ('undone_at', models.DateTimeField(null=True, verbose_name='undone')),
                ('actor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='person')),
                ('new_plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='plans.plan', verbose_name='new plan')),
                ('old_plan', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='plans.plan', verbose_name='old plan')),
            ],
            options={
                'verbose_name': 'move of subscribers',
                'verbose_name_plural': 'moves of subscribers',
                'ordering': ['-id'],
                'permissions': [('move_subscribers', 'Can move subscribers to another plan')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='SubscriberMoveRow',
            fields=[
                ('pk', models.CompositePrimaryKey('move_id', 'subscription_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('outcome', models.CharField(choices=[('waiting', 'waiting'), ('moved', 'moved'), ('skipped', 'skipped'), ('failed', 'failed'), ('returned', 'moved and moved back'), ('kept', 'moved, and not moved back')], default='waiting', max_length=10, verbose_name='outcome')),
                ('why', models.CharField(blank=True, max_length=200, verbose_name='why')),
                ('move', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='rows', to='plans.subscribermove')),
                ('subscription', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='moves', to='plans.subscription')),
            ],
            options={
                'verbose_name': 'subscriber of a move',
                'verbose_name_plural': 'subscribers of a move',
                'ordering': ['move_id', 'subscription_id'],
                'default_permissions': (),
            },
        ),
        migrations.AddConstraint(
            model_name='subscribermove',
            constraint=models.CheckConstraint(condition=models.Q(('old_plan', models.F('new_plan')), _negated=True), name='move_between_two_plans'),
        ),
        migrations.AddConstraint(
            model_name='subscribermove',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['queued', 'running']), ('before_count', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('moved_count'), '+', models.F('skipped_count')), '+', models.F('failed_count'))), _connector='OR'), name='move_accounts_for_all'),
        ),
        migrations.AddConstraint(
            model_name='subscribermove',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'undone'), _negated=True), ('moved_count', django.db.models.expressions.CombinedExpression(models.F('returned_count'), '+', models.F('kept_count'))), _connector='OR'), name='move_undone_accounts_for_all'),
        ),
        # Free room in each page lets a row's outcome be written beside it, without touching an index.
        migrations.RunSQL(
            "ALTER TABLE plans_subscribermoverow SET (fillfactor = 50)",
            "ALTER TABLE plans_subscribermoverow RESET (fillfactor)",
        ),
        GrantToRoles(
            "plans",
            {
                Role.OWNER: {"view_subscribermove", "move_subscribers"},
                Role.RELEASE_MANAGER: {"view_subscribermove", "move_subscribers"},
                Role.AUDITOR: views("subscribermove"),
                Role.SUPPORT: views("subscribermove"),
            },
        ),
    ]
