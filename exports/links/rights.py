"""Who may fetch an export's file."""

from accounts.models import User
from accounts.selectors import candidates_visible_to
from exports.datasets import DATASETS, Wish
from exports.errors import ExportRefusedError
from exports.models import DataExportLog, ExportNotice
from exports.run_wishes import wishes_of
from exports.selectors import MANAGE_PERMISSION, exports_visible_to


def may_download(user: User, run: DataExportLog) -> bool:
    """Whether `user` may fetch the file: an export of their own, one sent to them, or any with the right to manage.

    They must still see it, and still be allowed to export what is in it: somebody who has lost that right has lost the
    files, too.
    """
    if not user.is_active or not exports_visible_to(user).filter(pk=run.pk).exists():
        return False
    is_theirs = run.asked_by_id == user.pk or user.has_perm(MANAGE_PERMISSION) or is_recipient(user, run)
    return is_theirs and may_export_contents(user, run)


def may_export_contents(user: User, run: DataExportLog) -> bool:
    """Whether `user` could ask for everything that went into the file."""
    try:
        return all(_may_have(user, wish) for wish in wishes_of(run))
    except ExportRefusedError:  # a candidate is gone, so nobody can tell in whose scope they were
        return False


def is_recipient(user: User, run: DataExportLog) -> bool:
    """Whether the file is sent to `user` by mail."""
    sent = run.notices.filter(recipient=user, kind=ExportNotice.Kind.READY)
    return sent.exclude(state=ExportNotice.State.WITHHELD).exists()


def _may_have(user: User, wish: Wish) -> bool:
    dataset = DATASETS.get(wish.dataset)
    if dataset is None or not dataset.may_export(user):
        return False
    if wish.candidate and not candidates_visible_to(user).filter(pk=wish.candidate.pk).exists():
        return False
    return dataset.chosen(wish) <= {name for name, _heading, _is_personal in dataset.columns(user)}
