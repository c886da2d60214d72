"""`manage.py verify_audit`: is the audit log as it was written?"""

import json
import time
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import transaction
from django.utils.translation import gettext as _
from tqdm import tqdm

from audit.models import AuditSeal
from audit.seals.report import Report
from audit.seals.verification import verify_log
from audit.services import record
from common.management.operator_command import OperatorCommand


class Command(OperatorCommand):
    help = (
        "Check every row of the audit log against its seals, and the seals against each other and against copies "
        "kept off this machine. Names what was changed, removed or inserted; ends with 1 when anything was."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--copy", action="append", type=Path, default=[], help="a file of seals; may be repeated")
        parser.add_argument("--after-seal", type=int, default=0, help="begin after this seal (default: all)")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, copy: list[Path], after_seal: int, json: bool, **options: Any) -> None:
        for path in copy:
            if not path.is_file():
                raise CommandError(_("There is no file %(path)s.") % {"path": path})
        if after_seal and not AuditSeal.objects.filter(number=after_seal).exists():
            raise CommandError(_("There is no seal %(number)d.") % {"number": after_seal})
        started = time.perf_counter()
        with tqdm(unit=" rows", disable=None) as bar:
            report = verify_log(copies=copy, after=after_seal, on_progress=bar.update)
        seconds = time.perf_counter() - started
        details = {"rows": report.rows, "seals": report.seals, "findings": report.finding_count}
        with transaction.atomic():
            record(action="audit.log.verify", actor=None, details={**details, "copies": [path.name for path in copy]})
        self.stdout.write(_as_json(report, seconds) if json else _in_words(report, seconds, len(copy)))
        if report.finding_count:
            raise CommandError(_("The audit log is not as it was sealed."))


def _in_words(report: Report, seconds: float, copies: int) -> str:
    words = _("Checked in %(seconds).1f s: rows %(rows)d, seals %(seals)d.")
    lines = [words % {"rows": report.rows, "seals": report.seals, "seconds": seconds}]
    if report.unsealed_rows:
        lines.append(_("%(count)d newer rows wait for the next seal.") % {"count": report.unsealed_rows})
    if report.first_broken_row:
        lines.append(_("First broken row: %(row)d") % {"row": report.first_broken_row.row})
    lines += map(str, report.findings)
    hidden = report.finding_count - len(report.findings)
    if hidden:
        lines.append(_("… and %(count)d more.") % {"count": hidden})
    if not report.finding_count:
        lines.append(_("All is as it was sealed."))
        if not copies:
            lines.append(_("Without a copy kept elsewhere (--copy), removed seals at the end can't be noticed."))
    return "\n".join(lines)


def _as_json(report: Report, seconds: float) -> str:
    first = report.first_broken_row
    return json.dumps(
        {
            "rows": report.rows,
            "seals": report.seals,
            "seconds": round(seconds, 3),
            "unsealed_rows": report.unsealed_rows,
            "first_broken_row": first.row if first else None,
            "finding_count": report.finding_count,
            "findings": [{**finding.__dict__, "words": str(finding)} for finding in report.findings],
        },
        ensure_ascii=False,
    )
