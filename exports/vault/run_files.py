"""The file of a run: under which name it lies, and what it is bound to."""

from contextlib import AbstractContextManager

from django.utils.translation import gettext as _

from exports.errors import ExportFailedError
from exports.models import DataExportLog
from exports.vault.files import new_vault_file, open_vault_file
from exports.vault.reader import VaultReader
from exports.vault.storage import file_missing
from exports.vault.writer import VaultWriter

# With fewer, a file is mostly what surrounds its rows.
ROWS_THAT_TELL = 1_000


def encrypt_export_file(*, run: DataExportLog) -> AbstractContextManager[VaultWriter]:
    """A stream into the vault for whoever holds the run: what is written to it is encrypted on its way.

    Its name is the run's claim, so that each attempt has a file of its own, and clean-up sees which is being written.
    Raises ExportFailedError `not-claimed`, and what `new_vault_file` raises.
    """
    if run.claim is None:
        raise ExportFailedError("not-claimed", _("Nobody works on this export."))
    return new_vault_file(str(run.claim), number=run.number, expected_bytes=_expected_bytes(run))


def _expected_bytes(run: DataExportLog) -> int:
    """What the file will take, by the rows of the last one of its kind; 0 where there is none to go by."""
    alike = DataExportLog.objects.filter(dataset=run.dataset, format=run.format, columns=run.columns)
    last = alike.filter(rows_written__gte=ROWS_THAT_TELL, stored_bytes__gt=0).order_by("-id").first()
    return last.stored_bytes * (run.rows_expected or 0) // last.rows_written if last else 0


def decrypt_export_file(*, run: DataExportLog) -> VaultReader:
    """The run's file, in clear. Raises ExportFailedError `file-missing`, `file-damaged` and `store-away`."""
    if not run.storage_name or not run.file_key:
        raise file_missing()
    return open_vault_file(run.storage_name, run.file_key, number=run.number)
