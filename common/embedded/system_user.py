"""A system user for PostgreSQL, which refuses to run as root."""

import itertools
import os
import pwd
import stat
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.embedded.errors import EmbeddedServerError

USER_NAME = "electionsite-db"
READ = stat.S_IRGRP | stat.S_IROTH
PASS = stat.S_IXGRP | stat.S_IXOTH


@dataclass(frozen=True)
class SystemUser:
    uid: int
    gid: int

    def popen_arguments(self) -> dict[str, Any]:
        """Arguments of Popen for a process of this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def find_system_user(data: Path) -> SystemUser | None:
    """None unless we are root: then the owner of the data, or a user without a shell, made when there is none."""
    if os.geteuid() != 0:
        return None
    if data.exists() and data.stat().st_uid != 0:
        return SystemUser(data.stat().st_uid, data.stat().st_gid)
    for name in (USER_NAME, "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            if name == USER_NAME and _make_user():
                entry = pwd.getpwnam(name)
            else:
                continue
        return SystemUser(entry.pw_uid, entry.pw_gid)
    raise EmbeddedServerError("PostgreSQL can't run as root and there is no other user. Set DATABASE_URL.")


def _make_user() -> bool:
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", USER_NAME]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def let_pass(path: Path) -> None:
    """Let everybody pass through the folders above `path`. That isn't listing: `/root` becomes 0711, not 0755."""
    for folder in path.parents:
        _add(folder, PASS)


def let_run(user: SystemUser, program: Path, *, below: Iterable[Path]) -> None:
    """Let `user` run `program`; where it can't be, everything in the folders `below` becomes readable to all.

    That happens where the packages were installed with a strict umask.
    """
    let_pass(program)
    if _runs(program, user):
        return
    for folder_name, _folders, files in itertools.chain.from_iterable(os.walk(folder) for folder in below):
        _add(Path(folder_name), READ | PASS)
        for name in files:
            file = Path(folder_name) / name
            _add(file, READ | (PASS if file.stat().st_mode & stat.S_IXUSR else 0))


def _add(path: Path, bits: int) -> None:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & bits != bits:
        path.chmod(mode | bits)


def _runs(program: Path, user: SystemUser) -> bool:
    try:
        done = subprocess.run([program, "-V"], capture_output=True, check=False, cwd="/", **user.popen_arguments())
    except PermissionError:
        return False
    return done.returncode == 0
