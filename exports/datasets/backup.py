from typing import BinaryIO, ClassVar

from django.utils.translation import gettext_lazy as _

from exports.backup import count_backup_rows, write_backup
from exports.datasets.base import ZIP, Dataset, Progress
from exports.datasets.wish import Wish
from exports.engine import Written


class BackupDataset(Dataset):
    """Everything of one candidate, or of all, as `manage.py restore_backup` takes it."""

    code = "backup"
    title = _("Complete backup")
    description = _("A ZIP from which everything can be restored, of one candidate or of all.")
    permission = "exports.export_backup"
    formats: ClassVar = (ZIP,)
    keeps_to_scopes = False

    def holds_personal_data(self, wish: Wish) -> bool:
        return True

    def count(self, wish: Wish) -> int:
        return count_backup_rows(wish.candidate)

    def extension(self, wish: Wish) -> str:
        return ZIP

    def write(self, wish: Wish, *, file: BinaryIO, watermark: str, on_progress: Progress | None = None) -> Written:
        made = write_backup(file=file, candidate=wish.candidate, made_by=watermark, on_progress=on_progress)
        return Written(made.rows, made.bytes, made.sha256, made.rows_by_sheet)
