"""What was stored before the tables were kept in parts is there afterwards, each row in its part."""

import os
import subprocess
import sys

import psycopg
import pytest

from common.environment import PROJECT_DIR

pytestmark = pytest.mark.slow

BEFORE = "0011_conversation_roles_and_schedule"
STORE = """
import datetime as dt
import django
django.setup()
from django.db import connection
from django.db.migrations.loader import MigrationLoader
models = MigrationLoader(connection).project_state(("bots", "%s")).apps.get_model
candidate = models("accounts", "Candidate").objects.create(code="c", name="c")
bot = models("bots", "Bot").objects.create(candidate=candidate, slug="b", name="b")
moments = [dt.datetime(2025, month, 5, tzinfo=dt.UTC) for month in range(1, 13)]
moments.append(dt.datetime(1999, 1, 1, tzinfo=dt.UTC))
person = models("bots", "BotUser").objects.create(
    bot=bot, platform_user_id=7, first_seen_at=moments[0], last_seen_at=moments[0]
)
for number, moment in enumerate(moments):
    said = {"bot": bot, "bot_user": person, "text": str(number), "occurred_at": moment}
    message = models("bots", "Message").objects.create(**said, update_id=number, kind="text")
    models("bots", "Contribution").objects.create(**said, kind="idea", message=message)
    updates = models("bots", "InboundUpdate").objects
    update = updates.create(bot=bot, update_id=number, body=str(number), source="webhook", state="projected")
    updates.filter(pk=update.pk).update(received_at=moment)
models("bots", "InboundUpdate").objects.filter(update_id=5).update(state="pending")
"""


@pytest.fixture
def run(own_postgresql):
    environment = {**os.environ, "DATABASE_URL": own_postgresql.url, "ELECTIONSITE_ENVIRONMENT": "development"}
    environment["DJANGO_SETTINGS_MODULE"] = "electionsite.settings"

    def run(*arguments):
        subprocess.run([sys.executable, *arguments], check=True, env=environment, cwd=PROJECT_DIR)

    return run


def test_rows_from_before_stand_in_their_parts_with_their_numbers(run, own_postgresql):
    run("manage.py", "migrate", "--verbosity", "0", "bots", BEFORE)
    run("-c", STORE % BEFORE)
    run("manage.py", "migrate", "--verbosity", "0")
    with psycopg.connect(own_postgresql.url) as connection:

        def ask(sql):
            return connection.execute(sql).fetchall()

        months = [f"2025_{month:02}" for month in range(1, 13)]
        updates = ask("SELECT tableoid::regclass::text FROM bots_inboundupdate ORDER BY id")
        messages = ask("SELECT tableoid::regclass::text FROM bots_message ORDER BY id")
        assert [name for (name,) in updates] == [
            *(f"bots_inboundupdate_{month}_05" for month in months),
            "bots_inboundupdate_default",
        ]
        assert [name for (name,) in messages] == [
            *(f"bots_message_{month}" for month in months),
            "bots_message_default",
        ]
        assert ask(
            "SELECT count(*) FROM bots_contribution JOIN bots_message ON bots_message.id = bots_contribution.message_id"
        ) == [(13,)]
        assert ask("SELECT update_id FROM bots_inboundupdate WHERE state = 'pending'") == [(5,)]
        assert ask("SELECT nextval(pg_get_serial_sequence('bots_message', 'id'))") == [(14,)]
        assert ask("SELECT count(*) FROM pg_class WHERE relname LIKE '%_before%'") == [(0,)]
    # The year's updates are past their time, and one of them still waits; ORM and upkeep go on from here.
    run("manage.py", "maintain_partitions", "--dry-run")
    run("manage.py", "project_updates")
