import argparse
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from tqdm import tqdm

from accounts.models import Candidate
from common.errors import DomainError
from common.management.operator_command import OperatorCommand
from exports.backup.sealed import make_recovery_key
from exports.services.backups import make_backup

INTERRUPTED = 130  # 128 + SIGINT, as shells tell it


class Command(OperatorCommand):
    help = (
        "Write a complete backup, of everything or of one candidate, to a file that is encrypted under the pass phrase "
        "ELECTIONSITE_BACKUP_PASSPHRASE. Without one, a recovery key is made for this file and printed once. The file "
        "and these words are all that manage.py restore_backup needs, also on another machine with other keys."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--output", required=True, type=Path, metavar="FILE")
        parser.add_argument("--candidate", metavar="CODE", default="", help="only what belongs to this candidate")
        parser.add_argument("--overwrite", action="store_true", help="replace a file that is there already")

    def handle(self, *, output: Path, candidate: str, overwrite: bool, **options: Any) -> None:
        passphrase = settings.BACKUP_PASSPHRASE or make_recovery_key()
        try:
            with tqdm(unit=" rows", disable=None) as bar:
                written = make_backup(
                    path=output,
                    candidate=_candidate_named(candidate),
                    passphrase=passphrase,
                    overwrite=overwrite,
                    actor=None,
                    on_progress=lambda rows: bar.update(rows - bar.n),
                )
        except DomainError as error:
            hint = " --overwrite" if error.code == "file-exists" else ""
            raise CommandError(f"{error}{hint}") from error
        except OSError as error:
            reason = {"output": output, "reason": error.strerror}
            raise CommandError(_("%(output)s can't be written: %(reason)s.") % reason) from error
        except KeyboardInterrupt:
            raise CommandError(_("Stopped; no file was left."), returncode=INTERRUPTED) from None
        words = _("%(rows)d rows of %(tables)d tables written to %(output)s.")
        counts = {"rows": written.rows, "tables": len(written.rows_by_sheet), "output": output}
        self.stdout.write(self.style.SUCCESS(words % counts))
        if not settings.BACKUP_PASSPHRASE:
            self._tell_recovery_key(passphrase)

    def _tell_recovery_key(self, recovery_key: str) -> None:
        """To people, not to a log: cron keeps what a command prints."""
        self.stdout.write(_("Recovery key of this file. Write it down now; it is kept nowhere:"))
        self.stdout.write(f"\n    {recovery_key}\n")
        if not sys.stdout.isatty():
            warning = _("The output isn't a terminal: whoever reads it can read the backup.")
            self.stderr.write(self.style.WARNING(warning))


def _candidate_named(code: str) -> Candidate | None:
    if not code:
        return None
    candidate = Candidate.objects.defer("phone", "email").filter(code=code).first()
    if candidate is None:
        raise CommandError(_("There is no candidate with the code %(code)s.") % {"code": code})
    return candidate
