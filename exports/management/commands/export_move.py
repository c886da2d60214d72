import argparse
from typing import Any, BinaryIO

from django.core.management.base import CommandError

from common.errors import DomainError
from exports.management.export_command import ExportCommand
from exports.plan_filters import MoveFilters
from exports.services.direct import ExportSummary, Progress, export_list
from plans.move_rows import ALL, FILTERS
from plans.services.moves import find_move


class Command(ExportCommand):
    help = (
        "Export what became of each subscriber of a move to a CSV or Excel file, without the limit of the move's "
        "page. That it was exported is recorded."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--move", type=int, required=True, metavar="NUMBER", help="the move's number")
        parser.add_argument("--outcome", choices=sorted(FILTERS), default=ALL, help="of these subscribers only")

    def read_filters(self, options: dict[str, Any]) -> MoveFilters:
        try:
            return MoveFilters(find_move(options["move"]), options["outcome"])
        except DomainError as error:
            raise CommandError(f"--move: {error}") from error

    def export(
        self, file: BinaryIO, filters: MoveFilters, options: dict[str, Any], on_progress: Progress
    ) -> ExportSummary:
        return export_list(
            dataset="move",
            queryset=filters.rows(),
            file=file,
            format=options["format"],
            actor=None,
            language=options["language"],
            filters=filters.for_audit(),
            on_progress=on_progress,
        )
