import argparse
import signal
from typing import Any

from asgiref.sync import async_to_sync

from bots.api.client import ANSWER_TIMEOUT_SECONDS
from bots.sending.dispatcher import Dispatcher
from common.management.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = (
        "Send broadcasts until SIGTERM or Ctrl-C; what is on its way then is waited for. Any number of these may run: "
        "each bot is served by one of them at a time."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--until-idle", action="store_true", help="end when nothing is left that may go now")
        parser.add_argument(
            "--answer-seconds",
            type=float,
            default=ANSWER_TIMEOUT_SECONDS,
            help="how long to wait for the platform's answer; a message without one is uncertain (%(default)s)",
        )

    def handle(self, *, until_idle: bool, answer_seconds: float, **options: Any) -> None:
        dispatcher = Dispatcher(until_idle=until_idle, answer_seconds=answer_seconds)
        before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        for number in before:
            signal.signal(number, lambda *_signal: dispatcher.stop())
        try:
            async_to_sync(dispatcher.run)()
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
