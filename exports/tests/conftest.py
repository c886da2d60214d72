from collections.abc import Iterator

import pytest
from django.db import connection


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
