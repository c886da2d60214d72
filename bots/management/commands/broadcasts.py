import argparse
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from bots.models import Broadcast
from bots.services.broadcast_runs import pause_broadcast, resume_broadcast, stop_broadcast
from common.errors import DomainError
from common.jalali import format_local
from common.management.operator_command import OperatorCommand

LISTED = 50


class Command(OperatorCommand):
    help = "List broadcasts with their counts, or pause, resume or stop one by its number."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        listing = acts.add_parser("list", help=f"the last {LISTED}, newest first")
        listing.add_argument("--running", action="store_true", help="only those being sent, paused or scheduled")
        for name in ("pause", "resume", "stop"):
            act = acts.add_parser(name)
            act.add_argument("number", type=int, help="the broadcast's number, as `list` shows it")
            if name != "resume":
                act.add_argument("--reason", default="", help="stands on the broadcast's page")

    def handle(self, *, act: str, **options: Any) -> None:
        if act == "list":
            self._list(only_running=options["running"])
            return
        try:
            broadcast = self._do(act, options["number"], options.get("reason", ""))
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(self.style.SUCCESS(self._line(broadcast)))

    def _do(self, act: str, number: int, reason: str) -> Broadcast:
        if act == "pause":
            return pause_broadcast(broadcast_id=number, reason=reason, actor=None)
        if act == "stop":
            return stop_broadcast(broadcast_id=number, reason=reason, actor=None)
        return resume_broadcast(broadcast_id=number, actor=None)

    def _list(self, *, only_running: bool) -> None:
        states = Broadcast.State
        broadcasts = Broadcast.objects.all()
        if only_running:
            broadcasts = broadcasts.filter(state__in=[states.SCHEDULED, states.SENDING, states.PAUSED])
        for broadcast in broadcasts[:LISTED]:
            self.stdout.write(self._line(broadcast))

    def _line(self, broadcast: Broadcast) -> str:
        values = {
            "number": broadcast.pk,
            "title": broadcast.title,
            "state": Broadcast.State(broadcast.state).label,
            "time": format_local(broadcast.started_at or broadcast.scheduled_for) or "–",
            "sent": broadcast.sent_count,
            "people": broadcast.audience_count,
            "uncertain": broadcast.uncertain_count,
            "failed": broadcast.failed_count,
        }
        words = _(
            "%(number)d  %(state)s  %(time)s  %(sent)d of %(people)d sent, %(failed)d failed, "
            "%(uncertain)d uncertain  %(title)s"
        )
        return words % values
