import argparse
from typing import Any, BinaryIO

from django.core.management.base import CommandError

from audit.models import AuditLog
from common.admin.date_filter import read_days
from exports.log_filters import AuditLogFilters
from exports.management.export_command import ExportCommand
from exports.services.direct import ExportSummary, Progress, export_list

OPTIONS = (
    ("--action", "ACT", "one act, such as accounts.candidate.change"),
    ("--object-type", "KIND", "one kind of object, such as accounts.candidate"),
    ("--object-id", "NUMBER", "the object's number; goes with --object-type"),
    ("--session-id", "ID", "one session of a member of staff"),
    ("--request-id", "ID", "one request"),
)


class Command(ExportCommand):
    help = (
        "Export the audit log to a CSV or Excel file, oldest rows first, as the list's Export button does but "
        "without a limit. That it was exported is recorded, too."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        super().add_arguments(parser)
        for option in ("--from", "--to"):
            parser.add_argument(option, default="", metavar="DAY", help="1404/09/01 or 2025-11-22; the day included")
        person_help = "by or about the member of staff with this number"
        parser.add_argument("--person", type=int, metavar="NUMBER", help=person_help)
        for option, metavar, meaning in OPTIONS:
            parser.add_argument(option, default="", metavar=metavar, help=meaning)

    def read_filters(self, options: dict[str, Any]) -> AuditLogFilters:
        days = read_days(options["from"], options["to"])
        if days.error:
            raise CommandError(f"--from, --to: {days.error}")
        names = ("person", "action", "object_type", "object_id", "session_id", "request_id")
        return AuditLogFilters(days=days, **{name: options[name] for name in names})

    def export(
        self, file: BinaryIO, filters: AuditLogFilters, options: dict[str, Any], on_progress: Progress
    ) -> ExportSummary:
        return export_list(
            dataset="audit_log",
            queryset=filters.apply(AuditLog.objects.order_by("pk")),
            file=file,
            format=options["format"],
            actor=None,
            language=options["language"],
            filters=filters.for_audit(),
            on_progress=on_progress,
        )
