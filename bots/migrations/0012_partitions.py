"""The inbox in parts by day, messages in parts by month (docs/adr/0013), with the rows that there are; and who looks
after the parts. What staff change of the schedule in the admin stays.

The default partition is the pattern of all others, so what is unique within each part is said of it.
"""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models
from django.utils import timezone

from bots.partitions import TABLES, due_partitions
from common.partitions import make_partition, refresh_statistics

BEGIN = """
ALTER TABLE bots_inboundupdate RENAME TO bots_inboundupdate_before;
ALTER SEQUENCE bots_inboundupdate_id_seq RENAME TO bots_inboundupdate_before_id_seq;
ALTER INDEX inbox_pending RENAME TO inbox_pending_before;
ALTER INDEX inbox_rejected RENAME TO inbox_rejected_before;
CREATE TABLE bots_inboundupdate (LIKE bots_inboundupdate_before INCLUDING DEFAULTS INCLUDING IDENTITY)
    PARTITION BY RANGE (received_at);
ALTER TABLE bots_inboundupdate ADD PRIMARY KEY (id, received_at);
CREATE INDEX inbox_pending ON bots_inboundupdate (bot_id, id) WHERE state = 'pending';
CREATE INDEX inbox_rejected ON bots_inboundupdate (id DESC) WHERE state = 'rejected';
CREATE TABLE bots_inboundupdate_default PARTITION OF bots_inboundupdate DEFAULT;
CREATE UNIQUE INDEX update_once_per_bot_default ON bots_inboundupdate_default (bot_id, update_id);

ALTER TABLE bots_message RENAME TO bots_message_before;
ALTER SEQUENCE bots_message_id_seq RENAME TO bots_message_before_id_seq;
ALTER INDEX message_of_person RENAME TO message_of_person_before;
CREATE TABLE bots_message (LIKE bots_message_before INCLUDING DEFAULTS INCLUDING IDENTITY)
    PARTITION BY RANGE (occurred_at);
ALTER TABLE bots_message ADD PRIMARY KEY (id, occurred_at);
CREATE INDEX message_of_person ON bots_message (bot_user_id, message_id);
CREATE INDEX bots_message_occurred_at ON bots_message (occurred_at);
CREATE TABLE bots_message_default PARTITION OF bots_message DEFAULT;
CREATE UNIQUE INDEX message_once_per_update_default ON bots_message_default (bot_id, update_id);

INSERT INTO bots_inboundupdate SELECT * FROM bots_inboundupdate_before;
INSERT INTO bots_message SELECT * FROM bots_message_before;
SELECT setval(pg_get_serial_sequence('bots_inboundupdate', 'id'), greatest(max(id), 1), max(id) IS NOT NULL)
    FROM bots_inboundupdate;
SELECT setval(pg_get_serial_sequence('bots_message', 'id'), greatest(max(id), 1), max(id) IS NOT NULL)
    FROM bots_message;
"""
# With the old messages goes the constraint of bots_contribution.message_id: no column alone is a key of the new ones.
END = """
DROP TABLE bots_inboundupdate_before;
DROP TABLE bots_message_before CASCADE;
ALTER TABLE bots_inboundupdate ADD CONSTRAINT bots_inboundupdate_bot_id FOREIGN KEY (bot_id)
    REFERENCES bots_bot (id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE bots_message ADD CONSTRAINT bots_message_bot_id FOREIGN KEY (bot_id)
    REFERENCES bots_bot (id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE bots_message ADD CONSTRAINT bots_message_bot_user_id FOREIGN KEY (bot_user_id)
    REFERENCES bots_botuser (id) DEFERRABLE INITIALLY DEFERRED;
"""


def divide(_apps: Any, _schema_editor: Any) -> None:
    for table in TABLES:
        for partition in due_partitions(table, timezone.now()):
            make_partition(table, partition)
        refresh_statistics(table)


def schedule(apps: Any, _schema_editor: Any) -> None:
    intervals = apps.get_model("django_celery_beat", "IntervalSchedule")
    tasks = apps.get_model("django_celery_beat", "PeriodicTask")
    every_hour, _created = intervals.objects.get_or_create(every=1, period="hours")
    tasks.objects.get_or_create(
        name="Look after the partitions",
        defaults={
            "task": "bots.maintain_partitions",
            "interval": every_hour,
            "queue": "default",
            "expire_seconds": 1800,
            "description": "Makes those of the coming week, and drops updates that are older than they are kept.",
        },
    )


class Migration(migrations.Migration):
    dependencies = [
        ("bots", "0011_conversation_roles_and_schedule"),
        ("django_celery_beat", "0019_alter_periodictasks_options"),
    ]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(BEGIN),
                migrations.RunPython(divide),
                migrations.RunSQL(END),
            ],
            state_operations=[
                migrations.RemoveConstraint("inboundupdate", "update_once_per_bot"),
                migrations.RemoveConstraint("message", "message_once_per_update"),
                migrations.AlterField(
                    "inboundupdate",
                    "bot",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="updates",
                        to="bots.bot", verbose_name="bot",
                    ),
                ),
                migrations.AlterField(
                    "message",
                    "bot",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                        to="bots.bot", verbose_name="bot",
                    ),
                ),
                migrations.AlterField(
                    "message",
                    "bot_user",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="messages",
                        to="bots.botuser", verbose_name="bot user",
                    ),
                ),
                migrations.AlterField(
                    "contribution",
                    "message",
                    models.OneToOneField(
                        db_constraint=False, on_delete=django.db.models.deletion.CASCADE, related_name="contribution",
                        to="bots.message", verbose_name="message",
                    ),
                ),
            ],
        ),
        migrations.RunPython(schedule, migrations.RunPython.noop),
    ]  # fmt: skip
