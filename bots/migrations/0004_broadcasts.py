import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_session_schedule'),
        ('bots', '0003_schedule'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='botuser',
            name='stopped_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='wants no more messages since'),
        ),
        migrations.CreateModel(
            name='Broadcast',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=150, verbose_name='title')),
                ('text', models.TextField(max_length=4096, verbose_name='text')),
                ('buttons', models.JSONField(blank=True, default=list, verbose_name='buttons')),
                ('filters', models.JSONField(blank=True, default=dict, verbose_name='audience')),
                ('scheduled_for', models.DateTimeField(blank=True, null=True, verbose_name='goes out at')),
                ('deadline', models.DateTimeField(blank=True, null=True, verbose_name='not after')),
                ('quiet_from', models.TimeField(blank=True, null=True, verbose_name='quiet from')),
                ('quiet_until', models.TimeField(blank=True, null=True, verbose_name='quiet until')),
                ('state', models.CharField(choices=[('draft', 'draft'), ('awaiting', 'awaiting approval'), ('scheduled', 'scheduled'), ('sending', 'being sent'), ('paused', 'paused'), ('stopped', 'stopped'), ('done', 'done')], default='draft', editable=False, max_length=10, verbose_name='state')),
                ('state_reason', models.CharField(blank=True, editable=False, max_length=500, verbose_name='reason')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('started_at', models.DateTimeField(editable=False, null=True, verbose_name='started')),
                ('finished_at', models.DateTimeField(editable=False, null=True, verbose_name='finished')),
                ('audience_count', models.PositiveIntegerField(default=0, editable=False, verbose_name='people')),
                ('sent_count', models.PositiveIntegerField(default=0, editable=False, verbose_name='sent')),
                ('failed_count', models.PositiveIntegerField(default=0, editable=False, verbose_name='failed')),
                ('blocked_count', models.PositiveIntegerField(default=0, editable=False, verbose_name='blocked the bot')),
                ('uncertain_count', models.PositiveIntegerField(default=0, editable=False, verbose_name='uncertain')),
                ('expired_count', models.PositiveIntegerField(default=0, editable=False, verbose_name='expired')),
                ('left_out_count', models.PositiveIntegerField(default=0, editable=False, verbose_name='left out')),
                ('per_second', models.FloatField(default=0, editable=False)),
                ('sampled_at', models.DateTimeField(editable=False, null=True)),
                ('sampled_count', models.PositiveIntegerField(default=0, editable=False)),
                ('author', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='written by')),
                ('bot', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='broadcasts', to='bots.bot', verbose_name='bot')),
                ('candidate', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='broadcasts', to='accounts.candidate', verbose_name='candidate')),
            ],
            options={
                'verbose_name': 'broadcast',
                'verbose_name_plural': 'broadcasts',
                'ordering': ['-id'],
                'permissions': [('send_broadcast', 'Can send broadcasts, pause and stop them'), ('approve_broadcast', 'Can approve broadcasts of others')],
                'default_permissions': ('view', 'change'),
            },
        ),
        migrations.CreateModel(
            name='BroadcastApproval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content_hash', models.CharField(max_length=64)),
                ('approved_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='approved')),
                ('approved_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='approved by')),
                ('broadcast', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='approvals', to='bots.broadcast', verbose_name='broadcast')),
            ],
            options={
                'verbose_name': 'approval of a broadcast',
                'verbose_name_plural': 'approvals of broadcasts',
                'ordering': ['-id'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='BroadcastDelivery',
            fields=[
                ('pk', models.CompositePrimaryKey('broadcast_id', 'bot_user_id', blank=True, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('queued', 'queued'), ('sending', 'being sent'), ('sent', 'sent'), ('failed', 'failed'), ('blocked', 'blocked the bot'), ('uncertain', 'uncertain'), ('expired', 'expired'), ('left_out', 'left out')], default='queued', max_length=9, verbose_name='state')),
                ('attempts', models.PositiveSmallIntegerField(default=0, verbose_name='attempts')),
                ('due_at', models.DateTimeField(null=True, verbose_name='not before')),
                ('message_id', models.BigIntegerField(null=True, verbose_name='message number')),
                ('settled_at', models.DateTimeField(null=True, verbose_name='settled')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='reason')),
                ('bot', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='bots.bot', verbose_name='bot')),
                ('bot_user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='bots.botuser', verbose_name='person')),
                ('broadcast', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='bots.broadcast')),
            ],
            options={
                'verbose_name': 'delivery of a broadcast',
                'verbose_name_plural': 'deliveries of broadcasts',
                'ordering': ['broadcast_id', 'bot_user_id'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='BroadcastPicture',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('content', models.BinaryField()),
                ('content_type', models.CharField(max_length=16)),
                ('sha256', models.CharField(max_length=64)),
                ('broadcast', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='picture', to='bots.broadcast')),
            ],
            options={
                'verbose_name': 'picture of a broadcast',
                'verbose_name_plural': 'pictures of broadcasts',
                'default_permissions': (),
            },
        ),
        migrations.AddIndex(
            model_name='broadcast',
            index=models.Index(fields=['candidate', 'started_at'], name='broadcast_of_month'),
        ),
        migrations.AddIndex(
            model_name='broadcast',
            index=models.Index(condition=Q(('state__in', ['scheduled', 'sending'])), fields=['state'], name='broadcast_to_do'),
        ),
        migrations.AddConstraint(
            model_name='broadcast',
            constraint=models.CheckConstraint(condition=Q(('finished_at__isnull', True), ('audience_count', F('sent_count') + F('failed_count') + F('blocked_count') + F('uncertain_count') + F('expired_count') + F('left_out_count')), _connector='OR'), name='broadcast_over_accounts_for_all'),
        ),
        migrations.AddConstraint(
            model_name='broadcast',
            constraint=models.CheckConstraint(condition=Q(Q(('quiet_from__isnull', True), ('quiet_until__isnull', True)), Q(('quiet_from__isnull', False), ('quiet_until__isnull', False)), _connector='OR'), name='broadcast_quiet_hours_whole'),
        ),
        migrations.AddIndex(
            model_name='broadcastdelivery',
            index=models.Index(condition=Q(('state__in', ['queued', 'sending'])), fields=['bot', 'broadcast', 'bot_user'], name='delivery_to_do'),
        ),
        migrations.AddIndex(
            model_name='broadcastdelivery',
            index=models.Index(condition=Q(('state', 'sending')), fields=['bot'], name='delivery_on_its_way'),
        ),
        migrations.AddIndex(
            model_name='broadcastdelivery',
            index=models.Index(condition=Q(('state__in', ['failed', 'blocked', 'uncertain'])), fields=['broadcast', 'state', 'bot_user'], name='delivery_not_sent'),
        ),
    ]
