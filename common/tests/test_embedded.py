"""The embedded servers, with real processes: started, shared, killed, by several at once."""

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from common.environment import PROJECT_DIR
from common.testing.processes import PYTHON, clean_environment, processes_of, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("embedded")]

# Starts the servers, tells their addresses, and ends when its standard input does.
USER = """
import os, sys
from common.embedded import EmbeddedServerError, provide_servers
try:
    provide_servers(durable=False)
except EmbeddedServerError as error:
    sys.exit(str(error))
print(os.environ["DATABASE_URL"], os.environ["REDIS_URL"], flush=True)
{then}
sys.stdin.read()
"""


class User:
    """A process that uses the servers of `data_dir`."""

    def __init__(self, data_dir: Path, *, then: str = "", prefix: tuple[str, ...] = (), **environment: str) -> None:
        self.process = subprocess.Popen(
            [*prefix, PYTHON, "-c", USER.format(then=then)],
            cwd=PROJECT_DIR,
            env=clean_environment(data_dir, **environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()

    def addresses(self) -> tuple[str, str]:
        line = self.line()
        assert line.startswith("postgresql://"), line + self.line()
        database_url, redis_url = line.split()
        return database_url, redis_url

    def end(self) -> int:
        """Let it end by itself, and return its exit code."""
        self.process.communicate(timeout=60)
        return self.process.returncode

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=60)


@pytest.fixture
def data_dir():
    """Not pytest's own folder: each run of pytest as root closes that to the user whom PostgreSQL runs as."""
    folder = Path(tempfile.mkdtemp(prefix="electionsite-embedded-"))
    folder.chmod(0o755)
    yield folder
    for process in processes_of(folder):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    shutil.rmtree(folder, ignore_errors=True)


def _works(database_url: str) -> bool:
    with psycopg.connect(database_url, connect_timeout=5) as connection:
        return connection.execute("SELECT upper('é')").fetchone() == ("É",)


def _postmaster(data_dir: Path) -> psutil.Process:
    return psutil.Process(int((data_dir / "postgresql" / "postmaster.pid").read_text().splitlines()[0]))


def test_the_last_user_stops_the_servers_and_not_one_before(data_dir):
    first, second = User(data_dir), User(data_dir)  # both at once
    assert first.addresses() == second.addresses()
    url = User(data_dir)
    database_url, _redis_url = url.addresses()
    assert first.end() == 0
    assert url.end() == 0
    assert _works(database_url)
    assert second.end() == 0
    assert wait_until(lambda: not processes_of(data_dir)), processes_of(data_dir)
    again = User(data_dir)
    assert _works(again.addresses()[0])
    assert again.end() == 0


def test_when_the_last_user_is_killed_the_servers_stop(data_dir):
    user = User(data_dir)
    user.addresses()
    user.kill()
    assert wait_until(lambda: not processes_of(data_dir), 30), processes_of(data_dir)


def test_a_forked_child_that_ends_stops_nothing(data_dir):
    fork = "pid = os.fork()\nif not pid: sys.exit(0)\nos.waitpid(pid, 0); print('child ended', flush=True)"
    user = User(data_dir, then=fork)
    database_url, _redis_url = user.addresses()
    assert user.line() == "child ended\n"
    assert _works(database_url)
    assert user.end() == 0
    assert wait_until(lambda: not processes_of(data_dir)), processes_of(data_dir)


def test_killed_servers_start_again_from_what_they_left(data_dir):
    user = User(data_dir)
    user.addresses()
    doomed = [process for process in processes_of(data_dir) if process.pid != user.process.pid]
    _postmaster(data_dir).kill()  # first, or its keeper's end would end it in order
    for process in doomed:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    user.kill()
    psutil.wait_procs(doomed, timeout=10)
    assert (data_dir / "postgresql" / "postmaster.pid").exists()
    again = User(data_dir)
    assert _works(again.addresses()[0])
    assert again.end() == 0


def test_a_stale_process_number_that_somebody_else_has_now_is_harmless(data_dir):
    user = User(data_dir)
    user.addresses()
    postmaster = _postmaster(data_dir)
    content = (data_dir / "postgresql" / "postmaster.pid").read_text().splitlines()
    user.end()
    assert not postmaster.is_running()
    with subprocess.Popen(["/bin/sleep", "60"], user=(data_dir / "postgresql").stat().st_uid) as stranger:
        (data_dir / "postgresql" / "postmaster.pid").write_text("\n".join([str(stranger.pid), *content[1:], ""]))
        again = User(data_dir)
        assert _works(again.addresses()[0])
        assert again.end() == 0
        assert stranger.poll() is None
        stranger.kill()


def test_a_keeper_that_is_killed_takes_its_server_with_it(data_dir):
    user = User(data_dir)
    user.addresses()
    postmaster = _postmaster(data_dir)
    keeper = postmaster.parent()
    assert keeper
    keeper.kill()
    assert wait_until(lambda: not postmaster.is_running() or postmaster.status() == psutil.STATUS_ZOMBIE)
    assert user.end() == 0


@pytest.mark.parametrize(
    "name", ["with space, comma & 'quote'", "داده‌ها", "long-" + "x" * 120], ids=["odd", "Persian", "long"]
)
def test_any_folder_will_do(data_dir, name):
    user = User(data_dir / name)
    database_url, _redis_url = user.addresses()
    assert _works(database_url)
    assert user.end() == 0
    assert not list(data_dir.glob("*/*.socket-folder"))


def test_interrupted_in_the_middle_of_starting_nothing_is_left(data_dir):
    user = User(data_dir)
    assert wait_until(lambda: (data_dir / "postgresql").exists())
    user.process.send_signal(signal.SIGINT)
    user.process.communicate(timeout=60)
    assert wait_until(lambda: not processes_of(data_dir), 30), processes_of(data_dir)


def test_only_what_is_missing_is_started(data_dir):
    user = User(data_dir, REDIS_URL="redis://127.0.0.1:1/0")
    _database_url, redis_url = user.addresses()
    assert redis_url == "redis://127.0.0.1:1/0"
    assert not (data_dir / "redis").exists()
    assert user.end() == 0


def test_a_server_that_cannot_start_says_why(data_dir):
    (data_dir / "postgresql").mkdir()
    (data_dir / "postgresql" / "PG_VERSION").write_text("9\n")
    output, _errors = User(data_dir).process.communicate(timeout=60)
    assert "The embedded postgresql server didn't start" in output
    assert "Traceback" not in output
    assert wait_until(lambda: not processes_of(data_dir))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_runs_as_an_ordinary_user_and_as_root_below_closed_folders(data_dir):
    as_nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
    if (
        shutil.which("setpriv") is None
        or subprocess.run([*as_nobody, PYTHON, "-c", "import redis"], cwd="/").returncode
    ):
        pytest.skip("no setpriv, or nobody else may use root's Python")
    closed = data_dir / "closed"
    (closed / "ours").mkdir(parents=True)
    closed.chmod(0o700)
    user = User(closed / "ours")  # as root: PostgreSQL runs as another user, who can't list our folders
    assert _works(user.addresses()[0])
    assert _postmaster(closed / "ours").uids().effective != 0
    assert closed.stat().st_mode & 0o777 == 0o711
    assert user.end() == 0

    theirs = data_dir / "theirs"
    theirs.mkdir()
    os.chown(theirs, 65534, 65534)
    user = User(theirs, prefix=as_nobody)
    assert _works(user.addresses()[0])
    assert _postmaster(theirs).uids().effective == 65534
    assert user.end() == 0
    assert wait_until(lambda: not processes_of(data_dir)), processes_of(data_dir)


def test_another_owners_folder_is_refused_in_words(monkeypatch, data_dir):
    from common.embedded import EmbeddedServerError, provide_servers

    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setattr(os, "access", lambda *_arguments: False)
    with pytest.raises(EmbeddedServerError, match="ELECTIONSITE_DATA_DIR"):
        provide_servers(data_dir)


def test_a_missing_wheel_is_named(monkeypatch, data_dir):
    from common.embedded import EmbeddedServerError, provide_servers
    from common.embedded.redis_server import RedisServer

    monkeypatch.delenv("REDIS_URL")
    monkeypatch.setattr(RedisServer, "wheel", "no_such_wheel")
    with pytest.raises(EmbeddedServerError, match=r"Set REDIS_URL .* requirements-embedded\.txt"):
        provide_servers(data_dir)
