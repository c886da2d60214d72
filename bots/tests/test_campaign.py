"""The specification: the campaign's traffic gives exactly these totals, however it is handled."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
from urllib.parse import quote

import pytest
from django.core.management import call_command
from django.db import connection, connections

from bots.models import Bot, InboundUpdate
from bots.projection.worker import project_inbox
from bots.testing import CAMPAIGN, CAMPAIGN_TOTALS
from bots.testing.totals import totals_of

EXPECTED = json.loads(CAMPAIGN_TOTALS.read_text(encoding="utf-8"))

WORKER = """
import django
django.setup()
from bots.projection import worker
worker.BATCH_SIZE = 50
print("ready", flush=True)
worker.project_inbox()
"""


def replay() -> None:
    call_command("replay_updates", CAMPAIGN, create_missing=True, verbosity=0)


def assert_exact_totals() -> None:
    assert not InboundUpdate.objects.exclude(state=InboundUpdate.State.PROJECTED).exists()
    assert InboundUpdate.objects.count() == EXPECTED["unique_updates"]
    assert {bot.slug: totals_of(bot) for bot in Bot.objects.all()} == EXPECTED["bots"]


@pytest.mark.django_db
def test_the_campaign_gives_exactly_its_totals(capsys):
    replay()
    call_command("project_updates")
    assert_exact_totals()


@pytest.mark.django_db
def test_replayed_twice_it_gives_the_same_totals(capsys):
    replay()
    call_command("project_updates")
    replay()
    call_command("project_updates")
    assert_exact_totals()


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_give_the_same_totals(capsys):
    replay()
    errors = []

    def work() -> None:
        try:
            project_inbox()
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _worker in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert_exact_totals()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_at_random_moments_loses_and_doubles_nothing(capsys):
    replay()
    kills = 0
    for _round in range(60):
        process = start_worker()
        try:
            process.wait(timeout=random.uniform(0.01, 0.5))
            assert process.returncode == 0
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
    else:
        project_inbox()
    assert kills > 0, "no worker was killed: the test tested nothing"
    assert_exact_totals()


def start_worker() -> subprocess.Popen[bytes]:
    """A real worker process on this test's database, which says when it begins."""
    settings = connection.settings_dict
    host = settings["HOST"] or settings["OPTIONS"].get("host", "")
    url = f"postgresql://{settings['USER']}:{settings['PASSWORD']}@/{settings['NAME']}?host={quote(host)}"
    environment = {**os.environ, "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "electionsite.settings"}
    process = subprocess.Popen([sys.executable, "-c", WORKER], env=environment, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    process.stdout.close()
    return process
