"""`manage.py run_local` as people run it: a real process with real servers, stopped by real signals."""

import os
import random
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from pathlib import Path
from urllib.parse import quote

import httpx
import psycopg
import pytest
import redis

from common.environment import PROJECT_DIR
from common.testing.processes import PYTHON, clean_environment, processes_of, wait_until
from electionsite.local.web import free_port

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("run_local")]
START_SECONDS = 90


class LocalRun:
    """A running `run_local`, its output read on the side."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.data_dir = data_dir
        # Runs beside each other begin to look at different ports: who finds one free takes it only later.
        environment.setdefault("ELECTIONSITE_PORT", str(free_port(random.randrange(18_000, 30_000, 20))))
        self.process = subprocess.Popen(
            [PYTHON, "manage.py", "run_local"],
            cwd=PROJECT_DIR,
            env=clean_environment(data_dir, **environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.output = ""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as lines:
            for line in lines:
                self.output += line

    def wait_for(self, words: str) -> None:
        assert wait_until(lambda: words in self.output or self.process.poll() is not None, START_SECONDS)
        assert words in self.output, self.output

    def told(self, label: str) -> str:
        """What stands behind `label` in the welcome text."""
        found = re.search(rf"{re.escape(label)}\s+(\S+)", self.output)
        assert found, self.output
        return found.group(1)

    def seed(self) -> str:
        found = re.search(r"into it: (.+)", self.output)
        assert found, self.output
        return found.group(1)

    def end(self, number: int = signal.SIGINT) -> int:
        """Signal the process group, as a terminal does, and return the exit code."""
        os.killpg(self.process.pid, number)
        return self.wait()

    def wait(self) -> int:
        code = self.process.wait(60)
        self._reader.join()
        return code

    def __enter__(self) -> "LocalRun":
        return self

    def __exit__(self, *_details: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self._reader.join()


def _sign_in(run: LocalRun) -> httpx.Response:
    """Sign in with what the welcome text says; returns the page that opens then."""
    with httpx.Client(base_url=run.told("Address"), follow_redirects=True) as browser:
        page = browser.get("/admin/")
        token = browser.cookies["csrftoken"]
        form = {"username": run.told("User"), "password": run.told("Password"), "csrfmiddlewaretoken": token}
        page = browser.post(page.url, data=form)
        assert "/verify" in page.url.path, page.text
        form = {"code": run.told("once:"), "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        return browser.post(page.url, data=form)


@pytest.fixture
def data_dir():
    """Not pytest's own folder: each run of pytest as root closes that to the user whom PostgreSQL runs as."""
    folder = Path(tempfile.mkdtemp(prefix="electionsite-run-"))
    yield folder
    shutil.rmtree(folder)


def test_runs_lets_the_owner_in_stops_on_ctrl_c_and_runs_again(data_dir):
    with LocalRun(data_dir) as run:
        run.wait_for("Ctrl-C stops everything.")
        home = _sign_in(run)
        assert (home.status_code, home.url.path) == (200, "/admin/")
        assert run.end(signal.SIGINT) == 0
    assert "Traceback" not in run.output
    assert run.output.rstrip().endswith("Stopped: no process is left running.")
    assert processes_of(data_dir) == []

    with LocalRun(data_dir) as again:
        again.wait_for("Ctrl-C stops everything.")
        assert "0 new candidates, 0 new bots, 0 new plans, 0 new subscriptions" in again.output
        assert again.seed() == run.seed()
        assert again.told("Password") != run.told("Password")
        again.process.kill()  # nobody can tidy up any more
        again.process.wait()
        assert wait_until(lambda: not processes_of(data_dir), 30), processes_of(data_dir)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stopped_while_it_starts_it_leaves_nothing(data_dir, number):
    with LocalRun(data_dir) as run:
        assert wait_until(lambda: (data_dir / "postgresql" / "PG_VERSION").exists(), 30)
        assert run.end(number) == 0
    assert "Traceback" not in run.output
    assert wait_until(lambda: not processes_of(data_dir), 10), processes_of(data_dir)


def test_given_servers_are_used_by_unix_socket_and_left_running_when_a_process_dies(
    data_dir, migrated_postgresql, own_redis
):
    host = psycopg.conninfo.conninfo_to_dict(migrated_postgresql.url)["host"]
    database_url = f"postgresql://postgres@{quote(str(host), safe='')}/electionsite"
    with LocalRun(data_dir, DATABASE_URL=database_url, REDIS_URL=f"{own_redis.url}?db=2") as run:
        run.wait_for("Ctrl-C stops everything.")
        assert "embedded" not in run.output.splitlines()[0]
        with psycopg.connect(migrated_postgresql.url) as connection:
            assert connection.execute("SELECT count(*) FROM plans_plan").fetchone() == (5,)
        with redis.Redis.from_url(f"{own_redis.url}?db=3") as beside_the_cache:
            assert wait_until(lambda: beside_the_cache.keys("_kombu*"), 30)
        next(process for process in processes_of(data_dir) if "beat" in process.cmdline()).kill()
        assert run.wait() == 1
    assert "beat ended by itself with exit code -9" in run.output
    assert processes_of(data_dir) == []
    assert not (data_dir / "postgresql").exists()
    with redis.Redis.from_url(own_redis.url) as client, psycopg.connect(migrated_postgresql.url):
        assert client.ping()


def test_refuses_production(settings):
    from django.core.management import CommandError, call_command

    settings.IS_PRODUCTION = True
    for command in ("run_local", "make_demo_data"):
        with pytest.raises(CommandError, match="production"):
            call_command(command)
