"""`manage.py cleanup_exports`: old files of exports, and those that no export knows, are removed."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from common.errors import DomainError
from common.management.operator_command import OperatorCommand
from exports.services.cleaning import CleanupReport, cleanup_old_exports


class Command(OperatorCommand):
    help = (
        "Remove the files of exports whose time is over (the system setting EXPORT_KEEP_DAYS), their keys first, and "
        "files that no export knows. Beat asks for the same each night."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="remove nothing and tell what would be removed")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        try:
            report = cleanup_old_exports(actor=None, dry_run=dry_run)
        except DomainError as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            found = {**asdict(report), "dry_run": dry_run}
            self.stdout.write(json.dumps(found, ensure_ascii=False))
        else:
            self._tell(report, dry_run)

    def _tell(self, report: CleanupReport, dry_run: bool) -> None:
        each = _("Would be removed: %(name)s") if dry_run else _("Removed: %(name)s")
        for name in report.names:
            self.stdout.write(each % {"name": name})
        words = _("Files whose time is over: %(files)d. Files that no export knows: %(orphans)d. Space: %(size)s.")
        size = filesizeformat(report.bytes)
        self.stdout.write(words % {"files": report.files, "orphans": report.orphans, "size": size})
        if report.lost:
            self.stdout.write(_("Exports whose file is gone: %(count)d.") % {"count": report.lost})
