import argparse
from typing import Any

from django.utils.translation import ngettext

from bots.services.erasure import reapply_erasures
from common.management.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = (
        "After the database was restored from a backup: erase again the people whom that brought back, by the "
        "tombstones in the database and in the journal of erasures. Run it before bots and workers start."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only count them")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        count = reapply_erasures(is_dry_run=dry_run)
        if dry_run:
            words = ngettext(
                "%(count)d erased person was brought back.", "%(count)d erased people were brought back.", count
            )
        else:
            words = ngettext("%(count)d person was erased again.", "%(count)d people were erased again.", count)
        self.stdout.write(self.style.SUCCESS(words % {"count": count}))
