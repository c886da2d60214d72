import argparse
from typing import Any

from django.utils.translation import ngettext

from bots.management.commands._bot_command import find_bot
from bots.models import InboundUpdate
from bots.services.inbox import retry_updates
from common.management.operator_command import OperatorCommand

BATCH_SIZE = 1000


class Command(OperatorCommand):
    help = "Have rejected updates tried again, after what made them fail was mended; the worker takes them up."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--bot", metavar="SLUG", help="of this bot only")
        parser.add_argument("--kind", metavar="KIND", help="of this kind only, such as message")
        parser.add_argument("--dry-run", action="store_true", help="only count them")

    def handle(self, *, bot: str | None, kind: str | None, dry_run: bool, **options: Any) -> None:
        rejected = InboundUpdate.objects.filter(state=InboundUpdate.State.REJECTED).order_by("pk")
        if bot is not None:
            rejected = rejected.filter(bot=find_bot(bot))
        if kind is not None:
            rejected = rejected.filter(kind=kind)
        keys = list(rejected.values_list("pk", flat=True))
        if dry_run:
            words = ngettext("%(count)d update is rejected.", "%(count)d updates are rejected.", len(keys))
            self.stdout.write(words % {"count": len(keys)})
            return
        batches = (keys[start : start + BATCH_SIZE] for start in range(0, len(keys), BATCH_SIZE))
        count = sum(retry_updates(updates=batch, actor=None) for batch in batches)
        words = ngettext("%(count)d update will be tried again.", "%(count)d updates will be tried again.", count)
        self.stdout.write(self.style.SUCCESS(words % {"count": count}))
