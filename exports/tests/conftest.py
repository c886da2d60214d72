from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection


@pytest.fixture(autouse=True)
def vault_folder(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Each test, with the processes it starts, has a vault of its own: clean-up takes what it doesn't know."""
    folder = Path(settings.DATA_DIR) / f"exports-{uuid4()}"
    storage = {"BACKEND": "exports.vault.local.LocalVaultStorage", "OPTIONS": {"location": str(folder)}}
    settings.STORAGES = {**settings.STORAGES, "exports": storage}
    monkeypatch.setenv("ELECTIONSITE_EXPORTS_STORE", str(folder))
    return folder


@pytest.fixture(scope="module")
def repeatable_read(django_db_setup, django_db_blocker) -> Iterator[None]:
    """Tests of this module run in REPEATABLE READ, so that an export may join the test's own transaction."""
    with django_db_blocker.unblock():
        _set_isolation("REPEATABLE READ")
        yield
        _set_isolation("READ COMMITTED")


def _set_isolation(level: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL {level}")
