from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from bots.partitions import troubles
from bots.services.partitions import maintain_partitions
from common.management.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = "Make the partitions of the coming week and drop those of the inbox that are older than updates are kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="change nothing and tell what would change")

    def handle(self, *args: Any, **options: Any) -> None:
        upkeep = maintain_partitions(actor=None, dry_run=options["dry_run"])
        for names, words in (
            (upkeep.made, _("To be made: %(name)s") if options["dry_run"] else _("Made: %(name)s")),
            (upkeep.dropped, _("To be dropped: %(name)s") if options["dry_run"] else _("Dropped: %(name)s")),
            (upkeep.kept, _("Kept, as updates in it wait or were rejected: %(name)s")),
            (upkeep.busy, _("Busy, left for the next time: %(name)s")),
        ):
            for name in names:
                self.stdout.write(words % {"name": name})
        if options["dry_run"]:
            return
        found = troubles()
        if found:
            raise CommandError("\n".join(map(str, found)))
        self.stdout.write(self.style.SUCCESS(_("The partitions are in order.")))
