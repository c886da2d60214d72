from typing import Any

from django.utils.translation import gettext as _

from bots.services.analytics import rebuild_analytics
from common.management.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = "Counts the analytics of all bots anew, from the rows that are there."

    def handle(self, *args: Any, **options: Any) -> None:
        hours, bots = rebuild_analytics(actor=None)
        self.stdout.write(_("Counted %(hours)d hours of %(bots)d bots.") % {"hours": hours, "bots": bots})
