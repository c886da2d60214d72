"""Wishes, runs and workers for the tests of exports."""

import datetime as dt
import io
import json
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from accounts.testing import make_staff
from bots.models import Bot, BotUser
from common.environment import PROJECT_DIR
from exports.datasets import Wish, dataset_named
from exports.models import DataExportLog
from exports.running import carry_out
from exports.services.runs import ask_for_export
from exports.vault import decrypt_export_file, vault_files
from plans.tests.subscribers import environment_of_this_test


def officer() -> User:
    """Somebody who may export."""
    return make_staff(Role.DATA_OFFICER)


def wish_for_people(actor: User | None, **changes: Any) -> Wish:
    """All bot users as CSV, unless told otherwise."""
    wish = Wish(
        dataset="bot_users",
        candidate=None,
        filters={},
        columns=("platform_user_id", "city"),
        format="csv",
        language="en",
        purpose="",
        actor=actor,
    )
    return replace(wish, **changes)


def asked(actor: Any = None, **changes: Any) -> Any:
    """An export that waits for a worker, or for approval."""
    return ask_for_export(wish=wish_for_people(actor or officer(), **changes))


def ready(actor: Any = None, **changes: Any) -> Any:
    """An export whose file lies in the vault."""
    run = asked(actor, **changes)
    carry_out(run.pk)
    run.refresh_from_db()
    assert run.state == "ready", (run.state, run.reason_code, run.reason)
    return run


def content_of(run: DataExportLog) -> bytes:
    """The file of a run, decrypted."""
    with decrypt_export_file(run=run) as reader:
        return b"".join(reader.read_range())


def read_zip(data: bytes) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The files of a bulk export by name, and its manifest."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        files = {name: archive.read(name) for name in archive.namelist()}
    return files, json.loads(files.pop("manifest.json"))


def names_in_vault() -> set[str]:
    return {entry.name for entry in vault_files()}


def make_many_people(bot: Bot, count: int) -> None:
    seen = timezone.now()
    fields = {"first_name": "نام", "last_name": "نام خانوادگی", "first_seen_at": seen, "last_seen_at": seen}
    people = (BotUser(bot=bot, platform_user_id=number, **fields) for number in range(1, count + 1))
    BotUser.objects.bulk_create(people, batch_size=2_000)


def start(program: str, *arguments: Any, **environment: str) -> Any:
    """A process of its own that works on this test's database and vault."""
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        env={**environment_of_this_test(), **environment},
        cwd=PROJECT_DIR,
        stdout=subprocess.PIPE,
    )


class HeldUp:
    """A dataset whose export stands still, once begun, until `go_on` is set; then it is written as ever."""

    def __init__(self, code: str, rows: int = 7) -> None:
        self.begun, self.go_on = threading.Event(), threading.Event()
        self._real, self._rows = dataset_named(code), rows

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def write(self, wish: Wish, *, file: Any, watermark: str, on_progress: Any) -> Any:
        self.begun.set()
        while not self.go_on.wait(0.05):
            on_progress(self._rows)
        return self._real.write(wish, file=file, watermark=watermark, on_progress=on_progress)


@contextmanager
def worker_thread(run: DataExportLog) -> Iterator[threading.Thread]:
    """A worker that carries out the run beside the test."""

    def work() -> None:
        try:
            carry_out(run.pk)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield thread
    finally:
        thread.join(60)
        assert not thread.is_alive()


def die(run: DataExportLog) -> None:
    """What the database looks like when the run's worker has died a minute ago."""
    DataExportLog.objects.filter(pk=run.pk).update(seen_at=Now() - dt.timedelta(minutes=1))
