import argparse
import signal
from typing import Any

from asgiref.sync import async_to_sync

from bots.polling.poller import Poller
from common.management.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = (
        "Fetch the updates of all bots that are set to be polled, until SIGTERM or Ctrl-C, for places without a public "
        "address. Several of these may run: one fetches, the others stand by."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="fetch what waits now, and end")
        parser.add_argument("--wait-seconds", type=int, default=25, help="how long a call waits for updates")

    def handle(self, *, once: bool, wait_seconds: int, **options: Any) -> None:
        poller = Poller(wait_seconds=wait_seconds, once=once)
        before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        for number in before:
            signal.signal(number, lambda *_signal: poller.stop())
        try:
            async_to_sync(poller.run)()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
