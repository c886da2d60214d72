import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from bots.models import BotUser
from common.errors import DomainError
from common.management.operator_command import OperatorCommand
from exports.files import new_file
from exports.filters import BotUserFilters
from exports.management.filter_options import add_filter_options, filters_from
from exports.services import ExportSummary, export_bot_users
from exports.writers import WRITERS

STANDARD_OUTPUT = "-"
INTERRUPTED = 130  # 128 + SIGINT, as shells tell it


class Command(OperatorCommand):
    help = "Export bot users to a CSV or Excel file, as the list's Export button does but without a limit."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        output_help = "a .csv or .xlsx file, or - for standard output"
        parser.add_argument("--output", required=True, metavar="FILE", help=output_help)
        parser.add_argument("--format", choices=sorted(WRITERS), help="by the file's ending where not given")
        parser.add_argument("--overwrite", action="store_true", help="replace a file that is there already")
        languages = [code for code, _name in settings.LANGUAGES]
        parser.add_argument("--language", choices=languages, default=settings.LANGUAGE_CODE, help="of the file's words")
        parser.add_argument("--with-phones", action="store_true", help="with phone numbers; needs --purpose")
        parser.add_argument("--purpose", default="", metavar="TEXT", help="what it is for, kept in the audit log")
        add_filter_options(parser)

    def handle(self, *args: Any, output: str, overwrite: bool, **options: Any) -> None:
        options["format"] = options["format"] or _format_of(output)
        filters = filters_from(options)
        try:
            with _terminated_like_ctrl_c():
                if output == STANDARD_OUTPUT:
                    summary = self._export(sys.stdout.buffer, filters, options)
                    sys.stdout.buffer.flush()
                else:
                    with new_file(_checked_path(output), overwrite=overwrite) as file:
                        summary = self._export(file, filters, options)
        except DomainError as error:
            hint = " --overwrite" if error.code == "file-exists" else ""
            raise CommandError(f"{error}{hint}") from error
        except OSError as error:
            reason = {"output": output, "reason": error.strerror}
            raise CommandError(_("%(output)s can't be written: %(reason)s.") % reason) from error
        except KeyboardInterrupt:
            raise CommandError(_("Stopped; no file was left."), returncode=INTERRUPTED) from None
        self._tell(output, summary)

    def _export(self, file: BinaryIO, filters: BotUserFilters, options: dict[str, Any]) -> ExportSummary:
        queryset = filters.apply(BotUser.objects.order_by("pk"))
        with tqdm(unit=" rows", disable=None) as bar:

            def show(written: int, total: int) -> None:
                bar.total = total
                bar.update(written - bar.n)

            chosen = {name: options[name] for name in ("format", "with_phones", "language", "purpose")}
            return export_bot_users(
                queryset=queryset, file=file, actor=None, filters=filters.for_audit(), on_progress=show, **chosen
            )

    def _tell(self, output: str, summary: ExportSummary) -> None:
        to = self.stderr if output == STANDARD_OUTPUT else self.stdout
        words = _("%(rows)d rows written to %(output)s.") % {"rows": summary.rows, "output": output}
        to.write(f"{words}\nsha256 {summary.sha256}")
        if not summary.rows:
            self.stderr.write(_("No row matches: the file holds the headings only."))


def _format_of(output: str) -> str:
    extension = Path(output).suffix.removeprefix(".").lower()
    if extension not in WRITERS:
        raise CommandError(_("Which format? Name the file .csv or .xlsx, or give --format."))
    return extension


def _checked_path(output: str) -> Path:
    path = Path(output)
    if path.is_dir():
        raise CommandError(_("%(output)s is a folder.") % {"output": output})
    return path


@contextmanager
def _terminated_like_ctrl_c() -> Iterator[None]:
    """Let SIGTERM, too, unwind the export, so that no half file stays behind."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
