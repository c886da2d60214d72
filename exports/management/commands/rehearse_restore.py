import argparse
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils.translation import gettext as _

from common.errors import DomainError
from common.management.operator_command import OperatorCommand
from exports.backup.sealed import passphrase_of_operator
from exports.models import BackupRehearsal
from exports.services.rehearsals import rehearse_restore


class Command(OperatorCommand):
    help = (
        "Restore a backup into a scratch database on the same server, compare every table with the backup, drop it, "
        "and report. Without FILE it is the last complete backup among the exports, or one made for this. The "
        "database user needs the right CREATEDB. Once a week a worker does it by itself."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="a backup of manage.py make_backup")

    def handle(self, *, file: Path | None, **options: Any) -> None:
        try:
            rehearsal = rehearse_restore(actor=None, path=file, passphrase=passphrase_of_operator() if file else "")
        except DomainError as error:
            raise CommandError(str(error)) from error
        if rehearsal.state != BackupRehearsal.State.PASSED:
            raise CommandError(rehearsal.reason)
        words = _("All came back: %(rows)d rows were restored and are as they were.") % {"rows": rehearsal.rows}
        self.stdout.write(self.style.SUCCESS(words))
