import argparse
from typing import Any, BinaryIO

from django.core.management.base import CommandError

from exports.management.export_command import ExportCommand
from exports.plan_filters import PlanHistoryFilters
from exports.services.direct import ExportSummary, Progress, export_list


class Command(ExportCommand):
    help = "Export every step of a plan, oldest first, to a CSV or Excel file. That it was exported is recorded."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--plan", required=True, metavar="CODE", help="the plan's code; also of one that is gone")

    def read_filters(self, options: dict[str, Any]) -> PlanHistoryFilters:
        filters = PlanHistoryFilters(options["plan"])
        if not filters.rows().exists():
            raise CommandError(f"--plan: nothing has happened to a plan with the code {options['plan']}")
        return filters

    def export(
        self, file: BinaryIO, filters: PlanHistoryFilters, options: dict[str, Any], on_progress: Progress
    ) -> ExportSummary:
        return export_list(
            dataset="plan_history",
            queryset=filters.rows(),
            file=file,
            format=options["format"],
            actor=None,
            language=options["language"],
            filters=filters.for_audit(),
            on_progress=on_progress,
        )
