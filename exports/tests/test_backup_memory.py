"""A backup and its restore take as much memory for a hundred thousand people as for a thousand."""

import json
import os
import subprocess

import pytest

from common.environment import PROJECT_DIR
from common.testing.processes import PYTHON
from exports.tests.backup_world import PASSPHRASE

PEOPLE = 100_000
GROWTH_BYTES = 24 * 1024 * 1024
# ruff: noqa: S608
SET_UP = """
import json, os, resource, sys
from pathlib import Path
os.environ["DJANGO_SETTINGS_MODULE"] = "electionsite.settings"
import django
django.setup()
from django.db import connection
from django.core.management import call_command
from bots.models import Bot, BotUser, Message
path = Path(sys.argv[1])
"""
BACK_UP = (
    SET_UP
    + """
from accounts.testing import make_candidate
from common.crypto import encrypt
bot = Bot.objects.create(candidate=make_candidate("karimi"), slug="karimi", name="bot")
phone = encrypt("+989121234567", context="bots.BotUser.phone")
with connection.cursor() as cursor:
    cursor.execute(
        "INSERT INTO bots_botuser (bot_id, platform_user_id, first_name, last_name, username, language_code, source, "
        "city, phone, phone_index, is_blocked, next_text_is, click_count, message_count, first_seen_at, last_seen_at, "
        "created_at) SELECT %s, number, 'نام ' || number, '', '', 'fa', 'x', 'tehran', %s, '', false, '', 0, 1, now(), "
        "now(), now() FROM generate_series(1, %s) AS number", [bot.pk, phone, int(sys.argv[2])])
    cursor.execute(
        "INSERT INTO bots_message (bot_id, bot_user_id, update_id, kind, text, occurred_at) "
        "SELECT bot_id, id, platform_user_id, 'text', repeat('متن ', 30), now() FROM bots_botuser")
call_command("make_backup", output=path, stdout=sys.stderr)
print(json.dumps({"bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
"""
)
RESTORE = (
    SET_UP
    + """
with connection.cursor() as cursor:
    cursor.execute("DELETE FROM bots_message; DELETE FROM bots_personlookup; DELETE FROM bots_botuser")
call_command("restore_backup", path, "--yes", stdout=sys.stderr)
found = {"people": BotUser.objects.count(), "messages": Message.objects.count()}
print(json.dumps({**found, "bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))
"""
)
FORGET = (
    SET_UP
    + """
with connection.cursor() as cursor:
    cursor.execute("DELETE FROM bots_message; DELETE FROM bots_personlookup; DELETE FROM bots_botuser; "
        "DELETE FROM bots_hourcount; DELETE FROM bots_peoplesnapshot; DELETE FROM bots_bot; "
        "DELETE FROM accounts_candidate")
print("{}")
"""
)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_people(migrated_postgresql, tmp_path):
    environment = {
        **os.environ,
        "DATABASE_URL": migrated_postgresql.url,
        "ELECTIONSITE_ENVIRONMENT": "development",
        "ELECTIONSITE_BACKUP_PASSPHRASE": PASSPHRASE,
    }

    def run(program, *arguments):
        command = [PYTHON, "-c", program, *map(str, arguments)]
        done = subprocess.run(command, env=environment, cwd=PROJECT_DIR, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def peaks(people):
        path = tmp_path / str(people)
        backup, restore = run(BACK_UP, path, people), run(RESTORE, path)
        assert (restore["people"], restore["messages"]) == (people, people)
        run(FORGET, path)
        return backup["bytes"], restore["bytes"]

    few, many = peaks(1_000), peaks(PEOPLE)
    assert many[0] - few[0] < GROWTH_BYTES
    assert many[1] - few[1] < GROWTH_BYTES
