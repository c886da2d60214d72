"""Restoring a backup into a scratch database on the same server, and looking whether all of it comes out."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg
from django.db import connection
from django.utils.translation import gettext as _
from psycopg import sql

from common.environment import PROJECT_DIR, environment
from exports.errors import ExportFailedError

SCRATCH = "electionsite_rehearsal_"


@dataclass(frozen=True)
class Outcome:
    """What came of a rehearsal: `problems` name the tables that didn't come back as they were."""

    made_at: str
    rows: int
    problems: list[str]


def rehearse(number: int, where: dict[str, str]) -> Outcome:
    """Restore the backup that `where` tells of, and compare each table's rows and checksum with its manifest.

    In a process of its own, as an operator would do it, with nothing of this one's connections. `number` names the
    scratch database. Raises ExportFailedError `createdb-missing`, `rehearsal-broken` and what the other process tells.
    """
    with _scratch_database(number) as url:
        child = {name: value for name, value in os.environ.items() if name != "DATABASE_URL_FILE"}
        try:
            done = subprocess.run(
                [sys.executable, "-m", "exports.rehearsal_process"],
                env={**child, "DATABASE_URL": url},
                cwd=PROJECT_DIR,
                input=json.dumps(where),
                capture_output=True,
                text=True,
                check=False,
            )
            answer = json.loads(done.stdout.splitlines()[-1])
        except (ValueError, IndexError) as error:
            last_words = (done.stderr.strip().splitlines() or [str(done.returncode)])[-1]
            raise ExportFailedError("rehearsal-broken", _("The rehearsal broke off: %s") % last_words) from error
    if "error" in answer:
        raise ExportFailedError(answer["error"], answer["words"])
    return Outcome(**answer)


@contextmanager
def _scratch_database(number: int) -> Iterator[str]:
    """The address of a new database, which is gone when the block ends; those that killed rehearsals left go first."""
    with _server() as server:
        # Another system on this server has rehearsals of its own.
        ours = server.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()
        prefix = f"{SCRATCH}{ours[0]}_" if ours else SCRATCH
        name = f"{prefix}{number}"
        for (leftover,) in server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix]):
            _drop(server, leftover)
        try:
            server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        except psycopg.errors.InsufficientPrivilege as error:
            message = _(
                "The database user %(user)s may not create databases. As a superuser: ALTER ROLE %(user)s CREATEDB"
            )
            user = connection.settings_dict["USER"] or server.info.user
            raise ExportFailedError("createdb-missing", message % {"user": user}) from error
    try:
        yield _address_of(name)
    finally:
        with _server() as server:
            _drop(server, name)


@contextmanager
def _server() -> Iterator[psycopg.Connection[Any]]:
    """A connection of its own: databases can't be made inside a transaction."""
    parameters = {**connection.get_connection_params(), "autocommit": True}
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)
    with psycopg.connect(**parameters) as server:
        yield server


def _drop(server: psycopg.Connection[Any], name: str) -> None:
    with suppress(psycopg.errors.InvalidCatalogName):
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _address_of(name: str) -> str:
    return urlsplit(str(environment.str("DATABASE_URL")))._replace(path=f"/{quote(name)}").geturl()
