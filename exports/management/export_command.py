"""What the commands that export something share: the file, its format and language, progress, the outcome in words."""

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

from common.errors import DomainError
from common.management.operator_command import OperatorCommand
from exports.files import new_file
from exports.services.direct import ExportSummary, Progress
from exports.writers import WRITERS

STANDARD_OUTPUT = "-"
# The option that helps.
HINTS = {"file-exists": "--overwrite", "purpose-missing": "--purpose", "candidate-missing": "--candidate"}
INTERRUPTED = 130  # 128 + SIGINT, as shells tell it


class ExportCommand(OperatorCommand):
    """A command that writes one file; a subclass adds its filters and says in `export` what is written."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        output_help = "a .csv or .xlsx file, or - for standard output"
        parser.add_argument("--output", required=True, metavar="FILE", help=output_help)
        parser.add_argument("--format", choices=sorted(WRITERS), help="by the file's ending where not given")
        parser.add_argument("--overwrite", action="store_true", help="replace a file that is there already")
        languages = [code for code, _name in settings.LANGUAGES]
        parser.add_argument("--language", choices=languages, default=settings.LANGUAGE_CODE, help="of the file's words")

    def read_filters(self, options: dict[str, Any]) -> Any:
        """The filters that were typed. Raises CommandError for what can't be understood."""
        raise NotImplementedError

    def export(self, file: BinaryIO, filters: Any, options: dict[str, Any], on_progress: Progress) -> ExportSummary:
        """Call the service that writes the file."""
        raise NotImplementedError

    def handle(self, *args: Any, output: str, overwrite: bool, **options: Any) -> None:
        options |= {"output": output, "format": options["format"] or _format_of(output)}
        filters = self.read_filters(options)
        try:
            with _terminated_like_ctrl_c():
                if output == STANDARD_OUTPUT:
                    summary = self._export(sys.stdout.buffer, filters, options)
                    sys.stdout.buffer.flush()
                else:
                    with new_file(_checked_path(output), overwrite=overwrite) as file:
                        summary = self._export(file, filters, options)
        except DomainError as error:
            raise CommandError(f"{error} {HINTS.get(error.code, '')}".strip()) from error
        except OSError as error:
            reason = {"output": output, "reason": error.strerror}
            raise CommandError(_("%(output)s can't be written: %(reason)s.") % reason) from error
        except KeyboardInterrupt:
            raise CommandError(_("Stopped; no file was left."), returncode=INTERRUPTED) from None
        self._tell(output, summary)

    def _export(self, file: BinaryIO, filters: Any, options: dict[str, Any]) -> ExportSummary:
        with tqdm(unit=" rows", disable=None) as bar:

            def show(written: int, total: int) -> None:
                bar.total = total
                bar.update(written - bar.n)

            return self.export(file, filters, options, show)

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
