"""Pytest plugin: gives the run its servers, before Django's settings are read.

Loaded by `-p` in pytest.ini. With DATABASE_URL and REDIS_URL set, those servers are used (a database `test_…` is made
in the first); otherwise embedded ones start in a temporary folder and end with the run. Workers of pytest-xdist
inherit the environment of the process that started them.
"""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis

from common.testing.browser import (  # noqa: F401 (fixtures for all tests)
    _chromium,
    _loop_of_playwright_set_aside,
    browser_page,
)
from common.testing.gunicorn_server import gunicorn_site, start_gunicorn  # noqa: F401 (fixtures for all tests)
from common.testing.own_servers import (  # noqa: F401 (fixtures for all tests)
    migrated_postgresql,
    own_postgresql,
    own_redis,
)

os.environ["ELECTIONSITE_ENVIRONMENT"] = "test"
if "PYTEST_XDIST_WORKER" not in os.environ:
    from common.embedded import provide_servers

    _folder = Path(tempfile.mkdtemp(prefix="electionsite-test-"))
    atexit.register(shutil.rmtree, _folder, ignore_errors=True)
    os.environ["ELECTIONSITE_DATA_DIR"] = str(_folder)
    provide_servers(_folder, durable=False)


_run = f"test-{uuid4()}"


@pytest.fixture(autouse=True)
def _own_cache(settings: Any) -> None:
    """Each test has its own keys: emptying the cache would empty other tests', and a given server's data."""
    default = settings.CACHES["default"]
    settings.CACHES = {**settings.CACHES, "default": {**default, "KEY_PREFIX": f"{_run}-{uuid4()}"}}


@pytest.fixture(autouse=True, scope="session")
def _quick_flush() -> Iterator[None]:
    from common.testing.flush import quick_flush  # settings must be read before

    with quick_flush():
        yield


def pytest_sessionfinish() -> None:
    """Take this process's keys out of the Redis that was lent to us."""
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    for key in client.scan_iter(f"{_run}-*", count=1000):
        client.delete(key)
    client.close()
