"""An export's whole life in a bucket: made by a worker, read, removed; and an upload whose worker was killed."""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from exports.models import DataExportLog
from exports.services.cleaning import cleanup_old_exports
from exports.tests.runs import content_of, ready
from exports.tests.s3_server import s3_server
from exports.tests.samples import make_bot, make_person
from exports.vault import vault_files
from exports.vault.s3 import PART_BYTES

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
UPLOADS = """
import json
import sys
import django
django.setup()
import psutil
from exports.vault.s3 import PART_BYTES, S3VaultStorage

options, name, parts = sys.argv[1:]
with S3VaultStorage(**json.loads(options)).new_file(name, keep_free_bytes=0) as sink:
    before, piece = psutil.Process().memory_info().rss, memoryview(bytes(2**20))
    for _turn in range(int(parts) * PART_BYTES // len(piece)):
        sink.write(piece)
    print(psutil.Process().memory_info().rss - before, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def server():
    with s3_server() as started:
        yield started


@pytest.fixture
def bucket(server, settings) -> str:
    store = server.new_store()
    settings.STORAGES = {**settings.STORAGES, "exports": store}
    return str(store["OPTIONS"]["bucket_name"])


def in_bucket(server, bucket) -> tuple[list[str], list[str]]:
    """The keys of objects, and of uploads that aren't whole; asked past our code."""
    objects = server.client.list_objects_v2(Bucket=bucket).get("Contents", [])
    uploads = server.client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    return [found["Key"] for found in objects], [found["Key"] for found in uploads]


def test_an_export_is_made_read_and_removed(server, bucket):
    bot = make_bot()
    for number in range(50):
        make_person(bot, number, city="tehran")
    run = ready()
    assert in_bucket(server, bucket) == ([f"exports/{run.storage_name}"], [])
    stored = server.client.get_object(Bucket=bucket, Key=f"exports/{run.storage_name}")["Body"].read()
    assert len(stored) == run.stored_bytes
    assert b"Tehran" not in stored
    content = content_of(run)
    assert len(content) == run.file_bytes
    assert content.count(b"Tehran") == 50

    with time_machine.travel(timezone.now() + dt.timedelta(days=8)):
        assert cleanup_old_exports(actor=None).files == 1
    assert in_bucket(server, bucket) == ([], [])
    run.refresh_from_db()
    assert (run.state, run.file_key) == (DataExportLog.State.EXPIRED, "")


@contextmanager
def uploading_process(settings, name: str, parts: int) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """A process that has uploaded so many parts and waits, and by how many bytes its memory has grown by that."""
    command = [sys.executable, "-c", UPLOADS, json.dumps(settings.STORAGES["exports"]["OPTIONS"]), name, str(parts)]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "electionsite.settings"}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


def test_an_upload_whose_worker_was_killed_is_given_up(server, bucket, settings):
    name = str(uuid4())
    with uploading_process(settings, name, parts=1) as (process, _grown):
        process.send_signal(signal.SIGKILL)
    assert in_bucket(server, bucket) == ([], [f"exports/{name}"])
    assert [(entry.name, entry.is_whole) for entry in vault_files()] == [(name, False)]

    server.client.create_multipart_upload(Bucket=bucket, Key="of-others/file")
    server.client.put_object(Bucket=bucket, Key="of-others/object", Body=b"")
    with time_machine.travel(timezone.now() + dt.timedelta(hours=2)):
        assert cleanup_old_exports(actor=None).orphans == 1
    assert in_bucket(server, bucket) == (["of-others/object"], ["of-others/file"])


def test_an_upload_holds_a_part_in_memory_and_not_the_file(settings, bucket):
    grown = {}
    for parts in (3, 12):
        with uploading_process(settings, str(uuid4()), parts) as (_process, grown[parts]):
            pass
    assert grown[12] < 4 * PART_BYTES, grown
    assert grown[12] - grown[3] < PART_BYTES / 2, grown
