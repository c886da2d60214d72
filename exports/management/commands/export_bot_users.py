import argparse
from typing import Any, BinaryIO

from bots.models import BotUser
from exports.datasets.bot_users import people_columns
from exports.filters import BotUserFilters
from exports.management.export_command import ExportCommand
from exports.management.filter_options import add_filter_options, filters_from
from exports.services.direct import ExportSummary, Progress, export_list


class Command(ExportCommand):
    help = "Export bot users to a CSV or Excel file, as the list's Export button does but without a limit."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--with-phones", action="store_true", help="with phone numbers")
        parser.add_argument("--purpose", default="", metavar="TEXT", help="what the data is for, kept in the audit log")
        add_filter_options(parser)

    def read_filters(self, options: dict[str, Any]) -> BotUserFilters:
        return filters_from(options)

    def export(
        self, file: BinaryIO, filters: BotUserFilters, options: dict[str, Any], on_progress: Progress
    ) -> ExportSummary:
        chosen = {name: options[name] for name in ("format", "language", "purpose")}
        return export_list(
            dataset="bot_users",
            columns=people_columns(with_phones=options["with_phones"]),
            queryset=filters.apply(BotUser.objects.order_by("pk")),
            file=file,
            actor=None,
            filters=filters.for_audit(),
            on_progress=on_progress,
            **chosen,
        )
