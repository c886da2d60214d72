"""Exports whose file is ready, and links to them."""

import datetime as dt
import hashlib
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.test import Client
from django.utils import timezone

from accounts.models import User
from exports.models import DataExportLog, DownloadLink
from exports.services.links import generate_secure_download_link
from exports.vault import encrypt_export_file

CONTENT = bytes(range(256)) * 20_000  # five segments of the vault
FILE_NAME = "مردم-1404-09-02.csv"


def make_ready_run(asked_by: User | None, *, content: bytes = CONTENT, personal: bool = False, **fields: Any) -> Any:
    """An export of bot users that is ready, with `content` in the vault."""
    run = DataExportLog.objects.create(
        dataset="bot_users", columns=["city"], format="csv", asked_by=asked_by, claim=uuid4(), **fields
    )
    with encrypt_export_file(run=run) as file:
        file.write(content)
    run.state, run.holds_personal_data = DataExportLog.State.READY, personal
    run.storage_name, run.file_key, run.stored_bytes = file.storage_name, file.key, file.stored_bytes
    run.file_name, run.file_bytes, run.sha256 = FILE_NAME, len(content), hashlib.sha256(content).hexdigest()
    run.rows_expected = run.rows_written = 1234
    run.finished_at, run.expires_at = timezone.now(), timezone.now() + dt.timedelta(days=7)
    run.save()
    return run


def make_link(run: DataExportLog, **options: Any) -> str:
    """The path of a new link to the run's file, made by who asked for the export."""
    return urlsplit(generate_secure_download_link(**{"run": run, "actor": run.asked_by, **options})).path


def newest_link(run: DataExportLog) -> DownloadLink:
    link = run.links.first()
    assert link is not None
    return link


def use(client: Client, path: str) -> str:
    """Press the button of a link's page; the address of the file, to which that leads."""
    response = client.post(path)
    assert response.status_code == 303, response.content.decode()
    return str(response.headers["Location"])


def body(response: Any) -> bytes:
    return b"".join(response.streaming_content)
