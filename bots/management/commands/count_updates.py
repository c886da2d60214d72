import argparse
import json
from typing import Any

from bots.models import InboundUpdate
from bots.selectors import count_updates
from common.management.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = "Count the updates of the inbox by kind and state, kinds that we don't use included."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON list instead of a table")

    def handle(self, *, json: bool, **options: Any) -> None:
        counted = count_updates()
        if json:
            self.stdout.write(as_json(counted))
            return
        for kind, state, count in counted:
            self.stdout.write(f"{count:>12,}  {kind or '-':<32} {InboundUpdate.State(state).label}")


def as_json(counted: list[tuple[str, str, int]]) -> str:
    return json.dumps([{"kind": kind, "state": state, "count": count} for kind, state, count in counted])
