from typing import Any

from django.utils.translation import gettext as _
from tqdm import tqdm

from bots.models import InboundUpdate
from bots.projection.worker import project_inbox
from common.management.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = "Drain the inbox once: make people, clicks, messages, contributions and votes of what waits in it."

    def handle(self, *args: Any, **options: Any) -> None:
        waiting = InboundUpdate.objects.filter(state=InboundUpdate.State.PENDING).count()
        with tqdm(total=waiting, unit=" updates", disable=None if waiting else True) as bar:
            report = project_inbox(wait=True, on_progress=bar.update)
        words = _("%(projected)d updates used, %(unused)d kept without use, %(rejected)d rejected.")
        self.stdout.write(self.style.SUCCESS(words % vars(report)))
        if report.rejected:
            self.stdout.write(
                _("Rejected updates stand in the admin's inbox with their reason; they can be retried there.")
            )
