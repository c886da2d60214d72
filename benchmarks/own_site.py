"""A site of a benchmark's own: embedded servers in a temporary folder, a migrated database, Django started on them."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

GIVEN_SERVERS = ("DATABASE_URL", "DATABASE_URL_FILE", "REDIS_URL", "REDIS_URL_FILE")


@contextmanager
def own_site(**environment: str) -> Iterator[Path]:
    """Yields the folder. Processes that are started meanwhile work on the same site.

    PostgreSQL is durable, as it comes. Never the servers that this machine's environment names: theirs are other
    people's data.
    """
    from common.embedded import provide_servers

    # The servers still work off what was written when the folder goes.
    with tempfile.TemporaryDirectory(prefix="electionsite-benchmark-", ignore_cleanup_errors=True) as name:
        for variable in GIVEN_SERVERS:
            os.environ.pop(variable, None)
        os.environ |= {"ELECTIONSITE_DATA_DIR": name, "ELECTIONSITE_ENVIRONMENT": "development", **environment}
        provide_servers(Path(name))
        start_django()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        yield Path(name)


def start_django() -> None:
    """What a process that is started within somebody else's `own_site` needs."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "electionsite.settings"
    import django

    django.setup()
