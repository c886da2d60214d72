"""The webhook on real servers: gunicorn before a PostgreSQL that is stopped and started."""

import os
import subprocess
import sys
import time

import httpx
import psycopg
import pytest

from bots.tests.updates import message

SET_UP = """
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from accounts.models import Candidate
from bots.services.bots import create_bot
bot = create_bot(candidate=Candidate.objects.create(code="c", name="c"), slug="b", name="b", actor=None)
print(bot.webhook_path, bot.webhook_secret)
"""


@pytest.mark.slow
def test_an_update_is_answered_503_while_the_database_is_away_and_no_200_is_lost(own_postgresql, tmp_path):
    environment = {
        **os.environ,
        "DATABASE_URL": own_postgresql.url,
        "DJANGO_SETTINGS_MODULE": "electionsite.settings",
        "ELECTIONSITE_LOG_LEVEL": "CRITICAL",
    }
    made = subprocess.run([sys.executable, "-c", SET_UP], env=environment, capture_output=True, text=True, check=True)
    path, secret = made.stdout.split()
    log = tmp_path / "web.log"
    options = ["--bind", "127.0.0.1:0", "--log-file", str(log)]
    command = [sys.executable, "-m", "gunicorn", "electionsite.wsgi", *options]
    with subprocess.Popen(command, env=environment) as web:
        try:
            root = listening_address(log)
            accepted = [post(root + path, secret) for _number in range(5)]
            own_postgresql.stop()
            refused = [post(root + path, secret) for _number in range(3)]
            own_postgresql.start()
            accepted += [post(root + path, secret) for _number in range(5)]
        finally:
            web.terminate()
    assert accepted == [200] * 10
    assert refused == [503] * 3
    with psycopg.connect(own_postgresql.url) as connection:
        assert connection.execute("SELECT count(*) FROM bots_inboundupdate").fetchone() == (10,)


def listening_address(log):
    give_up_at = time.monotonic() + 20
    while time.monotonic() < give_up_at:
        text = log.read_text() if log.exists() else ""
        if "Listening at: " in text:
            return text.partition("Listening at: ")[2].split()[0]
        time.sleep(0.05)
    raise TimeoutError(log)


def post(url, secret):
    headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
    return httpx.post(url, json=message("x"), headers=headers, timeout=10).status_code
