import argparse
import datetime as dt
from collections.abc import Callable
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from accounts.models import User
from common.errors import DomainError
from common.jalali import format_local
from common.management.operator_command import OperatorCommand
from exports.models import DataExportLog
from exports.outcomes import explain
from exports.services.runs import cancel_export, retry_export

LISTED = 50
SHOWN = {
    "number", "filters", "columns", "parts", "purpose", "file_name", "file_bytes", "sha256", "started_at",
    "finished_at", "expires_at",
}  # fmt: skip

State = DataExportLog.State
ACTS: dict[str, Callable[..., DataExportLog]] = {"cancel": cancel_export, "retry": retry_export}


class Command(OperatorCommand):
    help = "List exports, show one, or cancel or retry one by its number. To write a file here, see export_data."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        listing = acts.add_parser("list", help=f"the last {LISTED}, newest first")
        listing.add_argument("--state", choices=State.values, help="only those in this state")
        helps = {
            "show": "everything about one, but who can read its file",
            "cancel": "call one off; what runs stops within a second",
            "retry": "ask anew for what one was asked for, with the rights of who asked",
        }
        for name, words in helps.items():
            act = acts.add_parser(name, help=words)
            act.add_argument("number", type=int, help="the export's number, as `list` shows it")

    def handle(self, *, act: str, **options: Any) -> None:
        if act == "list":
            self._list(options["state"])
            return
        run = DataExportLog.objects.select_related("asked_by", "candidate").filter(pk=options["number"]).first()
        if run is None:
            raise CommandError(_("There is no export with the number %(number)d.") % {"number": options["number"]})
        if act == "show":
            self._show(run)
            return
        try:
            done = ACTS[act](run=run, actor=None)
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(self.style.SUCCESS(_line(done)))

    def _list(self, state: str | None) -> None:
        runs = DataExportLog.objects.select_related("asked_by", "candidate")
        for run in runs.filter(state=state)[:LISTED] if state else runs[:LISTED]:
            self.stdout.write(_line(run))

    def _show(self, run: DataExportLog) -> None:
        self.stdout.write(_line(run))
        for field in run._meta.concrete_fields:
            value = getattr(run, field.name) if field.name in SHOWN else None
            if value:
                words = format_local(value) if isinstance(value, dt.datetime) else value
                self.stdout.write(f"  {field.verbose_name}: {words}")
        explanation = explain(run)
        for words in filter(None, [explanation.words, explanation.advice]):
            self.stdout.write(f"  {words}")


def _line(run: DataExportLog) -> str:
    about = " ".join(filter(None, [run.dataset, run.candidate.code if run.candidate else "", run.format]))
    rows = _("%(written)d of %(expected)s rows") % {"written": run.rows_written, "expected": run.rows_expected or "?"}
    columns = (run.pk, State(run.state).label, format_local(run.created_at), rows, about, _name(run.asked_by))
    return "  ".join(map(str, columns))


def _name(person: User | None) -> str:
    return person.username if person else "–"
