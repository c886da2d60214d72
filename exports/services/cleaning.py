"""Removing files of exports. The key goes first: from then on nobody can read any copy of the file."""

import datetime as dt
import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from audit.alarms import raise_alarm
from audit.services import record
from common.errors import DomainError
from exports import outcomes
from exports.errors import ExportFailedError
from exports.models import DataExportLog
from exports.selectors import MANAGE_PERMISSION, may_change
from exports.vault import VaultEntry, remove_vault_file, vault_files

logger = logging.getLogger(__name__)

# Of what changed lately nobody can say yet that it belongs to nothing, or is gone: the machines' clocks differ.
SETTLED_AFTER = dt.timedelta(hours=1)
NAMES_RECORDED = 100
EMPTY = gettext_lazy("The place where files of exports are kept is empty. Is it mounted?")

State = DataExportLog.State


@dataclass(frozen=True)
class CleanupReport:
    """What a clean-up removes: files whose time is over, and orphans, which no export knows; `bytes` of both.

    `names` are the files' names, of orphans those in the vault. `lost` counts exports whose file is gone already.
    """

    files: int
    orphans: int
    bytes: int
    lost: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class _Findings:
    over: list[DataExportLog]
    orphans: list[VaultEntry]
    lost: list[DataExportLog]
    is_empty: bool

    def report(self) -> CleanupReport:
        return CleanupReport(
            files=len(self.over),
            orphans=len(self.orphans),
            bytes=sum(run.stored_bytes for run in self.over) + sum(entry.bytes for entry in self.orphans),
            lost=len(self.lost),
            names=(*(run.file_name for run in self.over), *(entry.name for entry in self.orphans)),
        )


def cleanup_old_exports(*, actor: User | None, dry_run: bool = False) -> CleanupReport:
    """Remove the files whose time is over and those that no export knows; tells what that is.

    Exports whose file is gone are marked so. A dry run changes nothing. Raises DomainError `not-allowed` for anybody
    but the system and those who may manage everybody's exports, and ExportFailedError `store-away`.
    """
    if actor is not None and (actor.is_limited_to_scopes or not actor.has_perm(MANAGE_PERMISSION)):
        raise DomainError("not-allowed", _("You may not remove exports of others."))
    now = timezone.now()
    findings = _look(now)
    if dry_run:
        return findings.report()
    over = [run for run in findings.over if _expire(run, actor)]
    lost = _mark_lost(findings, actor)
    _remove_orphans(findings.orphans, actor)
    return replace(findings, over=over, lost=lost).report()


def clean_up_or_alarm() -> int:
    """What the daily task does; returns how many files were removed. Raises the alarm `export-files-away`."""
    try:
        report = cleanup_old_exports(actor=None)
    except ExportFailedError as error:
        raise_alarm("export-files-away", error)
        return 0
    return report.files + report.orphans


def remove_export(*, run: DataExportLog, actor: User | None) -> None:
    """Destroy the key of a ready export, and remove its file.

    Raises DomainError `not-allowed` unless it is the actor's, or one they see with the right to manage exports;
    `wrong-state` when it has no file.
    """
    if actor is not None and not may_change(actor, run):
        raise DomainError("not-allowed", _("You may not do this with this export."))
    with transaction.atomic():
        locked = _shred(run)
        if locked is None:
            raise DomainError("wrong-state", _("This export has no file any more."))
        record(action="exports.run.remove", actor=actor, target=locked, details={"bytes": locked.stored_bytes})


def _look(now: dt.datetime) -> _Findings:
    settled = now - SETTLED_AFTER
    # Before the runs: of a file that is written meanwhile, we don't even know.
    entries = list(vault_files())
    present = {entry.name for entry in entries if entry.is_whole}
    under_way = Q(state__in=DataExportLog.UNDER_WAY, claim__isnull=False)
    runs = list(DataExportLog.objects.filter(under_way | Q(state=State.READY)).defer("file_key").order_by("pk"))
    ready = [run for run in runs if run.state == State.READY]
    names = {str(run.claim) for run in runs} | {run.storage_name for run in ready}
    return _Findings(
        over=[run for run in ready if _is_before(run.expires_at, now)],
        orphans=[entry for entry in entries if entry.name not in names and entry.changed_at <= settled],
        lost=[
            run
            for run in ready
            if run.storage_name not in present
            and _is_before(run.finished_at, settled)
            and not _is_before(run.expires_at, now)
        ],
        is_empty=not present,
    )


def _is_before(moment: dt.datetime | None, other: dt.datetime) -> bool:
    return moment is not None and moment <= other


def _shred(run: DataExportLog, *, code: str = "") -> DataExportLog | None:
    """Destroy the key, and remove the file after the commit; the run, locked, or None when it has no file any more."""
    locked = DataExportLog.objects.select_for_update().filter(pk=run.pk, state=State.READY).first()
    if locked is None:
        return None
    # What can't be removed now is an orphan for the next clean-up; nobody can read it.
    transaction.on_commit(partial(_remove, [locked.storage_name]), robust=True)
    locked.state, locked.reason_code = State.EXPIRED, code
    locked.file_key = locked.storage_name = ""
    locked.save(update_fields=["state", "reason_code", "file_key", "storage_name"])
    return locked


def _expire(run: DataExportLog, actor: User | None) -> bool:
    with transaction.atomic():
        locked = _shred(run)
        if locked:
            record(action="exports.run.expire", actor=actor, target=locked, details={"bytes": locked.stored_bytes})
    return locked is not None


def _lose(run: DataExportLog, actor: User | None) -> bool:
    with transaction.atomic():
        locked = _shred(run, code=outcomes.FILE_MISSING)
        if locked:
            record(action="exports.run.lose", actor=actor, target=locked)
    return locked is not None


def _mark_lost(findings: _Findings, actor: User | None) -> list[DataExportLog]:
    """Exports whose file is gone can only be made anew.

    An empty vault is taken for one that isn't mounted: what it hides comes back, so there is an alarm and no more.
    """
    if findings.lost and findings.is_empty:
        raise_alarm("export-files-away", EMPTY)
        return []
    return [run for run in findings.lost if _lose(run, actor)]


def _remove_orphans(orphans: list[VaultEntry], actor: User | None) -> None:
    if not orphans:
        return
    names = [entry.name for entry in orphans]
    size = sum(entry.bytes for entry in orphans)
    details = {"count": len(names), "bytes": size, "files": names[:NAMES_RECORDED]}
    with transaction.atomic():
        record(action="exports.vault.clean", actor=actor, details=details)
        transaction.on_commit(partial(_remove, names), robust=True)


def _remove(names: Iterable[str]) -> None:
    for name in names:
        try:
            remove_vault_file(name)
        except ExportFailedError as error:
            logger.warning("The file %s could not be removed: %s", name, error)
