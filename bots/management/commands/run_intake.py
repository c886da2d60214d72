from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _

from bots.intake.server import listen, serve
from common.management.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = "Take the updates that platforms send, until told to stop."
    requires_system_checks: list[str] = []  # they load every page of the site, none of which is served here

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen at (default: %(default)s)")
        parser.add_argument("--port", type=int, default=8001, help="port to listen at (default: %(default)s)")
        parser.add_argument("--processes", type=int, default=2, help="as many as processors (default: %(default)s)")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["processes"] < 1:
            raise CommandError(_("At least one process is needed."))
        try:
            sockets = listen(host=options["host"], port=options["port"], processes=options["processes"])
        except OSError as error:
            raise CommandError(_("This address can't be listened at: %(reason)s") % {"reason": error}) from error
        serve(sockets)
