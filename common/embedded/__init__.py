"""PostgreSQL and Redis from wheels, for machines that run neither.

`provide_servers` sets DATABASE_URL and REDIS_URL where they aren't set and starts what is needed. Each server is the
child of a small keeper process. Whoever uses a server holds a shared lock; when the last one ends, however it ends,
the kernel hands the lock to the keeper, which stops its server and ends as well.
"""

import os
from pathlib import Path

from common.embedded.errors import EmbeddedServerError, EmbeddedServerMissingError
from common.embedded.postgresql import PostgresqlServer
from common.embedded.redis_server import RedisServer
from common.embedded.use import leave_servers, use_server
from common.environment import data_dir

__all__ = ["EmbeddedServerError", "EmbeddedServerMissingError", "embedded_names", "leave_servers", "provide_servers"]

SERVERS = {"DATABASE_URL": PostgresqlServer, "REDIS_URL": RedisServer}
_embedded: set[str] = set()


def provide_servers(folder: Path | None = None, *, durable: bool = True) -> None:
    """Make sure that DATABASE_URL and REDIS_URL name running servers, for this process and its children.

    What the environment already names is left alone. Embedded servers keep their data below `folder` (the data
    folder by default) and stop when the last process that asked for them ends. Without `durable`, they don't wait
    for the disk: for tests, whose data nobody needs after a crash.

    Raises EmbeddedServerMissingError when a server's wheel isn't installed, EmbeddedServerError when it can't start.
    """
    wanted = [name for name in SERVERS if not _is_set(name)]
    if not wanted:
        return
    folder = folder or data_dir()
    _make_folder(folder)
    for name in wanted:
        os.environ[name] = use_server(SERVERS[name](folder, durable=durable))
        _embedded.add(name)


def embedded_names() -> frozenset[str]:
    """Which of DATABASE_URL and REDIS_URL this process filled in with a server of its own."""
    return frozenset(_embedded)


def _is_set(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmbeddedServerError(f"The data folder {folder} can't be made: {error}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise EmbeddedServerError(
            f"The data folder {folder} belongs to someone else. Set ELECTIONSITE_DATA_DIR to a folder of your own."
        )
