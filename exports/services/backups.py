"""Backups that operators make, to files of their own."""

from pathlib import Path

from django.db import transaction

from accounts.models import Candidate, User
from audit.services import record
from exports.backup.sealed import new_sealed_file
from exports.backup.writing import BackupWritten, Progress, write_backup

OPERATOR = "manage.py"


def make_backup(
    *,
    path: Path,
    candidate: Candidate | None,
    passphrase: str,
    overwrite: bool,
    actor: User | None,
    on_progress: Progress | None = None,
) -> BackupWritten:
    """Write a backup of one candidate, or of everything, to a file encrypted under a pass phrase; it is recorded.

    A backup of everything has by what staff sign in, too: whoever may make it here has the database anyway.

    Raises ExportRefusedError `passphrase-short` and `file-exists`, OSError for a file that can't be written. Where it
    can't be recorded, no file stays.
    """
    with new_sealed_file(path, passphrase=passphrase, overwrite=overwrite) as file:
        written = write_backup(
            file=file,
            candidate=candidate,
            made_by=str(actor) if actor else OPERATOR,
            with_credentials=candidate is None,
            on_progress=on_progress,
        )
        details = {
            "candidate": candidate.code if candidate else "",
            "file": path.name,
            "rows": written.rows,
            "sha256": written.sha256,
        }
        with transaction.atomic():
            record(action="exports.backup.make", actor=actor, target=candidate, details=details)
    return written
