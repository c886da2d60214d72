"""Accepted is stored, and each effect happens once: whoever is killed, stopped or out of space, and when.

ELECTIONSITE_KILL_ROUNDS=1000 .venv/bin/python -m pytest -n0 bots/tests/test_intake_faults.py -k kill_9
"""

import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress

import httpx
import psutil
import psycopg
import pytest

from bots.testing.intake import SECRET_HEADER, is_ready, start_intake
from bots.tests.updates import message
from common.embedded.postgresql import PostgresqlServer
from common.environment import PROJECT_DIR
from common.testing.own_servers import copy_migrated, own_folder, own_server
from common.testing.processes import wait_until as wait_until_within

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("intake-faults")]

KILL_ROUNDS = int(os.environ.get("ELECTIONSITE_KILL_ROUNDS", "8"))
PATIENCE_SECONDS = 60
# What hundreds of rounds store must have room on it.
SMALL_DISK_BYTES = (400 + 2 * KILL_ROUNDS) * 1024 * 1024
SET_UP = """
import django
django.setup()
from accounts.models import Candidate
from bots.services.bots import create_bot
bot = create_bot(candidate=Candidate.objects.create(code="c", name="c"), slug="b", name="b", actor=None)
print(bot.webhook_path, bot.webhook_secret)
"""
# A worker that works all the time; when it is killed, or fails, the next begins.
WORKERS = """
import os, time
import django
django.setup()
from bots.projection.worker import project_inbox
while True:
    worker = os.fork()
    if worker:
        os.waitpid(worker, 0)
        time.sleep(0.1)
    else:
        while True:
            project_inbox()
            time.sleep(0.01)
"""


def wait_until(condition):
    return wait_until_within(condition, PATIENCE_SECONDS)


class Site:
    """A database of the tests' own with one bot, its workers, and its intake, which is started where it isn't there."""

    def __init__(self, database, disk, log):
        self.database, self.disk, self.log = database, disk, log
        self.intake: subprocess.Popen[bytes] | None = None
        self.environment = {**os.environ, "DATABASE_URL": database.url, "ELECTIONSITE_ENVIRONMENT": "development"}
        self.environment["DJANGO_SETTINGS_MODULE"] = "electionsite.settings"
        self.path, self.secret = self.run("-c", SET_UP).stdout.split()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def run(self, *arguments):
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, env=self.environment, cwd=PROJECT_DIR, capture_output=True, text=True, check=True
        )

    def start_intake(self):
        if self.intake is None or self.intake.poll() is not None:
            self.intake = start_intake(database_url=self.database.url, port=self.port, processes=2, log=self.log)
            wait_until(lambda: is_ready(self.url) or self.intake.poll() is not None)
            assert is_ready(self.url), self.log.read_text()

    def stop_intake(self):
        assert self.intake is not None
        self.intake.terminate()
        return self.intake.wait(30)

    @contextmanager
    def workers(self):
        with self.log.open("ab") as log:
            command = [sys.executable, "-c", WORKERS]
            self.nursery = subprocess.Popen(command, env=self.environment, cwd=PROJECT_DIR, stdout=log, stderr=log)
        try:
            yield
        finally:
            children = children_of(self.nursery)
            for process in (self.nursery, *children):
                process.kill()
            self.nursery.wait()

    def ask(self, sql):
        with psycopg.connect(self.database.url) as connection:
            return connection.execute(sql).fetchone()


def children_of(process):
    return psutil.Process(process.pid).children()


@contextmanager
def small_disk(folder):
    """Whether a small disk of its own could be laid under the folder, which takes root's rights."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK_BYTES},mode=755", "none", str(folder)]
    try:
        is_small = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        is_small = False
    try:
        yield is_small
    finally:
        if is_small:
            subprocess.run(["umount", str(folder)], check=True)  # noqa: S607 (where it lies differs)


@pytest.fixture(scope="module")
def started_site(tmp_path_factory):
    log = tmp_path_factory.mktemp("intake") / "intake.log"
    with own_folder() as folder:
        disk = folder / "disk"
        disk.mkdir()
        with small_disk(disk) as is_small:
            copy_migrated(disk)
            # Durable: without that, a crash may lose what was committed.
            with own_server(PostgresqlServer, disk, durable=True) as database:
                site = Site(database, disk if is_small else None, log)
                with site.workers():
                    yield site
                if site.intake:
                    site.stop_intake()


@pytest.fixture
def site(started_site):
    started_site.start_intake()
    return started_site


class Sender:
    """A platform: it sends an update until it is answered 200, as Telegram does, then the next."""

    def __init__(self, site):
        self.site, self.accepted, self.statuses = site, [], set()
        self.longest_seconds = 0.0
        self.ends = threading.Event()
        self._thread = threading.Thread(target=self._send_all)

    def start(self):
        self._thread.start()

    def stop(self):
        self.ends.set()
        self._thread.join()

    def _send_all(self):
        with httpx.Client(base_url=self.site.url, trust_env=False, timeout=15) as client:
            update = message("x")
            while not self.ends.is_set():
                if self._send(client, update):
                    self.accepted.append(update["update_id"])
                    update = message("x")

    def _send(self, client, update):
        started = time.monotonic()
        with suppress(httpx.TransportError):
            headers = {SECRET_HEADER: self.site.secret}
            status = client.post(self.site.path, content=json.dumps(update), headers=headers).status_code
            self.statuses.add(status)
            self.longest_seconds = max(self.longest_seconds, time.monotonic() - started)
            return status == 200
        time.sleep(0.01)  # nobody listens
        return False


@contextmanager
def sending(site):
    """Four platforms that send; afterwards all that was accepted is stored, and has its effect once."""
    senders = [Sender(site) for _sender in range(4)]
    for sender in senders:
        sender.start()
    try:
        yield senders
    finally:
        for sender in senders:
            sender.stop()
    check(site, senders)


def all_get_through(senders):
    before = [len(sender.accepted) for sender in senders]
    return wait_until(lambda: all(len(s.accepted) > count for s, count in zip(senders, before, strict=True)))


def all_were_refused(senders):
    return wait_until(lambda: all(503 in sender.statuses for sender in senders))


def check(site, senders):
    accepted = {number for sender in senders for number in sender.accepted}
    assert {status for sender in senders for status in sender.statuses} <= {200, 503}
    assert wait_until(lambda: site.ask("SELECT count(*) FROM bots_inboundupdate WHERE state = 'pending'") == (0,))
    with psycopg.connect(site.database.url) as connection:
        stored = {row[0] for row in connection.execute("SELECT update_id FROM bots_inboundupdate")}
    assert accepted <= stored
    used = site.ask("SELECT count(*) FROM bots_inboundupdate WHERE state = 'projected'")
    messages = site.ask("SELECT count(*), count(DISTINCT update_id) FROM bots_message")
    counted = site.ask("SELECT sum(message_count) FROM bots_botuser")
    assert (used, messages, counted) == ((len(stored),), (len(stored), len(stored)), (len(stored),))


def test_after_kill_9_of_intake_and_worker_all_that_was_accepted_is_stored_and_each_effect_happens_once(site):
    chance = random.Random(2026)
    with sending(site) as senders:
        for _round in range(KILL_ROUNDS):
            assert wait_until(lambda: len(children_of(site.intake)) == 2 and children_of(site.nursery))
            assert all_get_through(senders)
            time.sleep(chance.uniform(0.0, 0.3))
            for victim in (chance.choice(children_of(site.intake)), *children_of(site.nursery)):
                with suppress(psutil.NoSuchProcess):
                    victim.kill()


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_while_the_database_restarts_the_answer_is_503_or_200_and_no_200_is_lost(site, how):
    with sending(site) as senders:
        assert all_get_through(senders)
        getattr(site.database, how)()
        assert all_were_refused(senders)
        site.database.start()
        assert all_get_through(senders)


def test_while_the_database_hangs_the_answer_is_503_in_time(site):
    with sending(site) as senders:
        assert all_get_through(senders)
        site.database.freeze()
        refused = all_were_refused(senders)
        site.database.thaw()
        assert refused
        assert all_get_through(senders)
    assert max(sender.longest_seconds for sender in senders) < 10


def test_while_the_disk_is_full_the_answer_is_503_or_200_and_no_200_is_lost(site):
    if site.disk is None:
        pytest.skip("A small disk to fill takes the right to mount one")
    with sending(site) as senders:
        assert all_get_through(senders)
        filling = site.disk / "filling"
        with filling.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(b"\0" * 65536)
        refused = all_were_refused(senders)
        filling.unlink()
        assert refused
        assert all_get_through(senders)


def test_when_the_intakes_first_process_is_killed_the_others_finish_and_end(site):
    with sending(site) as senders:
        assert all_get_through(senders)
        children = children_of(site.intake)
        site.intake.kill()
        site.intake.wait()
        _gone, alive = psutil.wait_procs(children, 20)
        assert alive == []
        site.start_intake()
        assert all_get_through(senders)


def test_told_to_stop_it_answers_what_it_has_accepted(site):
    with sending(site) as senders:
        assert all_get_through(senders)
        assert site.stop_intake() == 0
