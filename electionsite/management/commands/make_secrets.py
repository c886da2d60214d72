import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand
from django.core.management.utils import get_random_secret_key

from common.crypto import make_key


class Command(BaseCommand):
    help = "Print fresh secrets for production, in the form of an environment file. Nothing is stored."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        key_id = f"k{dt.datetime.now(tz=dt.UTC):%Y%m%d}"
        # A "$" or "#" would mean something in a shell, a compose file or an environment file.
        secret_key = get_random_secret_key().translate(dict.fromkeys(map(ord, "$#&()"), "-"))
        self.stdout.write(f"ELECTIONSITE_SECRET_KEY={secret_key}")
        self.stdout.write(f"ELECTIONSITE_FIELD_KEYS={key_id}:{make_key()}")
        self.stdout.write(f"ELECTIONSITE_BLIND_INDEX_KEY={make_key()}")
        self.stdout.write(f"ELECTIONSITE_AUDIT_KEYS={key_id}:{make_key()}")
