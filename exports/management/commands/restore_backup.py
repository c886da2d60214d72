import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from common.errors import DomainError
from common.jalali import format_local
from common.management.operator_command import OperatorCommand
from exports.backup.restoring import ConflictsError, RestoreReport, restore_backup
from exports.backup.sealed import open_backup, passphrase_of_operator


class Command(OperatorCommand):
    help = (
        "Add what is in a backup and isn't here. Without --yes it only tells, table by table, what it would do. It "
        "changes and removes nothing that is here, does all or nothing, and leaves erased people erased. Stop the "
        "workers and the intake before."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="of manage.py make_backup, or a ZIP that was downloaded")
        parser.add_argument("--yes", action="store_true", help="do it; otherwise only tell")
        parser.add_argument("--keep-ours", action="store_true", help="where rows differ, leave those here as they are")
        parser.add_argument(
            "--lose-erasures",
            action="store_true",
            help="restore under another ELECTIONSITE_BLIND_INDEX_KEY, and bring back whoever was erased since",
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(
        self, *, file: Path, yes: bool, keep_ours: bool, lose_erasures: bool, json: bool, **options: Any
    ) -> None:
        try:
            with (
                open_backup(file, ask_passphrase=passphrase_of_operator) as source,
                tqdm(unit=" rows", disable=None) as bar,
            ):
                report = restore_backup(
                    source=source,
                    actor=None,
                    is_dry_run=not yes,
                    keep_ours=keep_ours,
                    lose_erasures=lose_erasures,
                    on_progress=lambda rows: bar.update(rows - bar.n),
                )
        except ConflictsError as error:
            self.stdout.write(_as_json(error.report) if json else _in_words(error.report))
            raise CommandError(str(error)) from error
        except DomainError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(
                _("%(file)s can't be read: %(reason)s.") % {"file": file, "reason": error.strerror}
            ) from error
        self.stdout.write(_as_json(report) if json else _in_words(report))
        if not json and not yes:
            self.stdout.write(self.style.WARNING(_("Nothing was changed. With --yes it is done.")))
            sys.stdout.flush()


def _in_words(report: RestoreReport) -> str:
    manifest = report.manifest
    about = _("Backup of %(moment)s, made by %(person)s: %(whose)s.") % {
        "moment": format_local(manifest.made_at),
        "person": manifest.made_by,
        "whose": manifest.candidate or _("everything"),
    }
    headings = (_("table"), _("new"), _("same"), _("differing"), _("in the way"), _("of wholes here"), _("left out"))
    lines = [about, "", _line(headings)]
    for table in report.tables:
        numbers = (table.new, table.same, table.differing, table.colliding, table.of_wholes, table.left_out)
        if any(numbers):
            lines.append(_line((table.table, *map(str, numbers))))
            lines += [f"    ≠ {example}" for example in table.examples]
    if not report.is_dry_run:
        lines += ["", _("%(count)d erased people were erased again.") % {"count": report.erased_again}]
    return "\n".join(lines)


def _line(cells: tuple[str, ...]) -> str:
    return f"{cells[0]:<40}" + "".join(f"{cell:>16}" for cell in cells[1:])


def _as_json(report: RestoreReport) -> str:
    manifest = report.manifest
    return json.dumps(
        {
            "made_at": manifest.made_at.isoformat(),
            "made_by": manifest.made_by,
            "candidate": manifest.candidate,
            "is_dry_run": report.is_dry_run,
            "erased_again": report.erased_again,
            "tables": [asdict(table) for table in report.tables],
        },
        ensure_ascii=False,
    )
