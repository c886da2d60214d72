"""Workers that die, tasks that come twice, a full disk, a database or a Redis that is away: the state stays true.

A number of rounds stands in EXPORT_KILLS, three where it isn't set.
"""

import json
import os
import random
import signal
import subprocess
import threading
import time
from contextlib import contextmanager
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
import redis
from constance import config
from django.db import OperationalError, connection

from audit.models import AuditLog
from common.testing.database import audit_log_broken
from common.testing.processes import wait_until
from exports import running
from exports.claims import claim_run, held
from exports.models import DataExportLog
from exports.running import carry_out, sweep_exports
from exports.services.cleaning import cleanup_old_exports
from exports.services.runs import cancel_export
from exports.tasks import carry_out as task
from exports.tasks import sweep
from exports.tests.runs import (
    HeldUp,
    asked,
    content_of,
    die,
    make_many_people,
    names_in_vault,
    officer,
    start,
    worker_thread,
)
from exports.tests.samples import make_bot, make_person, read_csv

pytestmark = pytest.mark.django_db(transaction=True)

KILLS = int(os.environ.get("EXPORT_KILLS", "3"))
CLEAR_TEXT = "نام خانوادگی".encode()
RUNS = """
import sys
import django
django.setup()
from exports.running import carry_out
print("ready", flush=True)
carry_out(int(sys.argv[1]))
"""
ASKS = """
import sys
import django
django.setup()
from accounts.models import User
from exports.tests.runs import asked
asked(User.objects.get(pk=sys.argv[1]))
"""
SWEEPS = """
import django
django.setup()
from exports.tasks import sweep
sweep()
"""
# The kernel lets no file of this process grow beyond 200 kB, as on a disk that is full.
WITHOUT_ROOM = """
import resource, sys
import django
django.setup()
from exports.running import carry_out
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
carry_out(int(sys.argv[1]))
"""
# With `dies` the worker is killed by the kernel's way, with no chance to hand anything back, amid the file.
WORKER = """
import os, signal, sys
from electionsite.celery import app
import django
django.setup()
from exports import running
from exports.claims import claim_run, held
write = running._write
def write_and_die(*args):
    write(*args)
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "dies":
    running._write = write_and_die
app.worker_main(["worker", "--pool=solo", "--queues", sys.argv[1], "--without-gossip", "--without-mingle"])
"""


@pytest.fixture
def people():
    bot = make_bot()
    for number in (1, 2, 3):
        make_person(bot, number)
    return bot


@pytest.fixture
def held_up(people, monkeypatch):
    """Exports of people stand still amid their work."""
    dataset = HeldUp("bot_users")
    monkeypatch.setattr(running, "dataset_named", lambda code: dataset)
    yield dataset
    dataset.go_on.set()


def acts():
    found = AuditLog.objects.filter(action__startswith="exports.run").order_by("pk")
    return [action.removeprefix("exports.run.") for action in found.values_list("action", flat=True)]


def seen_at(run):
    return DataExportLog.objects.values_list("seen_at", flat=True).get(pk=run.pk)


def wait_for(run, state):
    assert wait_until(lambda: DataExportLog.objects.get(pk=run.pk).state == state, 60)
    run.refresh_from_db()


def test_a_task_that_comes_twice_is_carried_out_once(people):
    run = asked()

    task(run_id=run.pk)
    task(run_id=run.pk)
    task(run_id=run.pk + 1)  # and one of a run that isn't there

    assert acts() == ["ask", "finish"]
    assert len(names_in_vault()) == 1


def test_a_task_that_comes_to_many_workers_at_once_is_carried_out_by_one(people):
    run, barrier = asked(), threading.Barrier(6)

    def work():
        try:
            barrier.wait(10)
            carry_out(run.pk)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _number in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    run.refresh_from_db()
    assert (run.state, run.attempts) == ("ready", 1)
    assert acts() == ["ask", "finish"]
    assert names_in_vault() == {run.storage_name}


def test_progress_is_seen_while_it_runs(held_up):
    run = asked()
    with worker_thread(run):
        assert wait_until(lambda: DataExportLog.objects.get(pk=run.pk).rows_written == 7, 30)
        first = seen_at(run)
        assert wait_until(lambda: seen_at(run) > first, 30)
        held_up.go_on.set()
    wait_for(run, "ready")


def test_cancelled_midway_it_stops_and_leaves_no_file(held_up):
    run = asked()
    with worker_thread(run) as worker:
        assert held_up.begun.wait(30)
        assert cancel_export(run=run, actor=run.asked_by).state == "running"
        cancelled_at = time.monotonic()
        worker.join(30)
        # A second on a machine that does nothing else.
        assert time.monotonic() - cancelled_at < 5

    wait_for(run, "cancelled")
    assert run.rows_written == 7
    assert not names_in_vault()
    assert acts() == ["ask", "cancel", "stopped"]


def test_a_statement_that_takes_long_is_cancelled_with_its_export(held_up, monkeypatch):
    def sleep(*_args, **_kwargs):
        held_up.begun.set()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(60)")

    held_up.write = sleep
    run = asked()
    with worker_thread(run) as worker:
        assert held_up.begun.wait(30)
        cancel_export(run=run, actor=None)
        worker.join(30)

    wait_for(run, "cancelled")


def test_a_run_whose_worker_died_is_taken_up_again(people):
    run = asked()
    claimed: Any = claim_run(run.pk)
    assert sweep_exports() == []

    die(run)
    assert sweep_exports() == [run.pk]
    carry_out(run.pk)

    wait_for(run, "ready")
    assert (run.attempts, run.storage_name) != (1, str(claimed.claim))
    assert acts() == ["ask", "finish"]


def test_a_third_death_ends_it_and_says_so(people):
    run = asked()
    for _death in range(3):
        assert sweep_exports() == [run.pk]
        claim_run(run.pk)
        die(run)

    assert sweep_exports() == []

    wait_for(run, "failed")
    assert run.reason_code == "interrupted"
    assert acts() == ["ask", "fail"]


def test_cancelled_while_its_worker_is_dead_it_is_cancelled_by_the_sweep(people):
    run = asked()
    claim_run(run.pk)
    cancel_export(run=run, actor=None)
    die(run)

    assert sweep_exports() == []

    wait_for(run, "cancelled")


def test_a_worker_taken_for_dead_leaves_the_run_to_its_successor(held_up, monkeypatch):
    run = asked()
    with worker_thread(run):
        assert held_up.begun.wait(30)
        die(run)
        # The next beat may come first; what counts is that somebody else holds the run afterwards.
        DataExportLog.objects.filter(pk=run.pk).update(state="queued", claim=None, seen_at=None)
        successor: Any = claim_run(run.pk)

    run.refresh_from_db()
    assert (run.state, run.claim) == ("running", successor.claim)
    assert not names_in_vault()
    assert acts() == ["ask"]


def test_where_the_database_breaks_off_it_begins_anew(held_up):
    run = asked()
    with worker_thread(run):
        assert held_up.begun.wait(30)
        break_connections()
        held_up.go_on.set()

    wait_for(run, "queued")
    assert not names_in_vault()
    assert sweep_exports() == [run.pk]
    carry_out(run.pk)
    wait_for(run, "ready")


def break_connections():
    """Every connection to this database but the test's own: what a restart of PostgreSQL does to a worker."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_where_nobody_knows_whether_the_end_was_committed_the_file_stays(people, monkeypatch):
    @contextmanager
    def commit_and_break(run):
        with held(run) as locked:
            yield locked
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(running, "held", commit_and_break)
    run = asked()

    carry_out(run.pk)

    wait_for(run, "ready")
    assert len(read_csv(content_of(run))) >= 4


def test_without_an_audit_log_no_file_is_ready(people):
    run = asked()
    with audit_log_broken():
        carry_out(run.pk)
        wait_for(run, "running")
        assert not names_in_vault()
        die(run)
        assert sweep_exports() == [run.pk]

    carry_out(run.pk)
    wait_for(run, "ready")


def test_without_room_it_does_not_begin(people):
    config.EXPORT_SPARE_MEGABYTES = 1_000_000
    run = asked()

    carry_out(run.pk)

    wait_for(run, "failed")
    assert run.reason_code == "disk-full"


@pytest.mark.slow
def test_a_disk_that_fills_up_ends_it_and_leaves_nothing(people):
    make_many_people(make_bot("many"), 20_000)
    run = asked(columns=("first_name", "last_name", "platform_user_id"), purpose="test")

    process = start(WITHOUT_ROOM, run.pk)
    assert process.wait(60) == 0
    process.stdout.close()

    wait_for(run, "failed")
    assert run.reason_code == "disk-full"
    assert not names_in_vault()


@pytest.mark.slow
def test_without_redis_it_waits_and_the_sweep_gives_it_to_a_worker(people, own_redis):
    staff = officer()
    own_redis.stop()
    asks = start(ASKS, staff.pk, REDIS_QUEUE_URL=own_redis.url)
    assert asks.wait(60) == 0
    asks.stdout.close()
    run = DataExportLog.objects.get()
    assert run.state == "queued"

    own_redis.start()
    sweeps = start(SWEEPS, REDIS_QUEUE_URL=own_redis.url)
    assert sweeps.wait(60) == 0
    sweeps.stdout.close()
    with redis.Redis.from_url(own_redis.url) as queue:
        (message,) = queue.lrange("exports", 0, -1)
    assert json.loads(message)["headers"]["task"] == "exports.carry_out"


@pytest.mark.slow
def test_killed_at_random_moments_it_comes_to_its_end_and_leaves_no_clear_text(people, vault_folder):
    make_many_people(make_bot("many"), 20_000)
    for _round in range(KILLS):
        run = asked(columns=("first_name", "last_name", "platform_user_id"), purpose="test")
        process = start(RUNS, run.pk)
        assert process.stdout.readline() == b"ready\n"
        try:
            process.wait(timeout=random.uniform(0.02, 0.8))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        process.stdout.close()
        assert_true_state(run)
        assert_no_clear_text(vault_folder)

        die(run)
        sweep_exports()
        carry_out(run.pk)

        wait_for(run, "ready")
        assert run.rows_written == run.rows_expected == 20_003
        assert_true_state(run)
    assert acts().count("finish") == KILLS
    for path in vault_folder.glob("*"):
        os.utime(path, (0, 0))  # clean-up leaves alone what changed within an hour
    cleanup_old_exports(actor=None)
    assert names_in_vault() == set(DataExportLog.objects.values_list("storage_name", flat=True))


def assert_true_state(run):
    run.refresh_from_db()
    assert run.state in ("queued", "running", "ready")
    assert (run.state == "ready") == bool(run.storage_name) == bool(run.file_key)
    if run.state == "ready":
        assert len(content_of(run)) == run.file_bytes


def assert_no_clear_text(folder):
    for path in folder.glob("*"):
        assert CLEAR_TEXT not in path.read_bytes()


@pytest.mark.slow
def test_a_worker_that_is_killed_leaves_its_run_to_the_next(people, monkeypatch):
    queue = f"test-{uuid4()}"
    monkeypatch.setattr(task, "apply_async", partial(task.apply_async, queue=queue))
    run = asked()

    with worker_process(queue, "dies") as killed:
        assert killed.wait(timeout=60) == -signal.SIGKILL
    wait_for(run, "running")

    die(run)
    assert sweep() == 1
    with worker_process(queue, "lives"):
        wait_for(run, "ready")
    assert acts() == ["ask", "finish"]


@contextmanager
def worker_process(queue, fate):
    process = start(WORKER, queue, fate)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)
        process.stdout.close()
