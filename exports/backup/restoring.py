"""Restoring a backup: looked at first, then all of it or nothing, in one transaction."""

import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from bots.erasure_journal import read_tombstones
from bots.models import ErasedPerson
from bots.services.analytics import rebuild_analytics
from exports.backup.copying import write_values_plainly
from exports.backup.inserting import (
    count_anew,
    draw_later_numbers,
    erase_again,
    insert_new,
    lock_tables,
    settle_what_was_under_way,
)
from exports.backup.manifest import MANIFEST, Manifest, TableFile, index_key_name, read_manifest, schema_version
from exports.backup.matching import key_of, match
from exports.backup.staging import COLLIDES, DIFFERS, LEFT, NEW, PART, SAME, stage, staged, verify
from exports.backup.statements import read
from exports.backup.tables import STAFF, STAFF_COLUMNS, Table, tables_by_name
from exports.errors import ExportRefusedError

SHOWN_CONFLICTS = 5
TOMBSTONES = "bots.ErasedPerson"

Progress = Callable[[int], object]


@dataclass(frozen=True)
class TableReport:
    """What becomes of a table's rows: `left_out` name somebody who isn't here, `of_wholes` are parts of what is."""

    table: str
    new: int = 0
    same: int = 0
    differing: int = 0
    colliding: int = 0
    of_wholes: int = 0
    left_out: int = 0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True)
class RestoreReport:
    """What a restore did, or would do."""

    manifest: Manifest
    tables: list[TableReport] = field(default_factory=list)
    erased_again: int = 0
    is_dry_run: bool = False

    def total(self, name: str) -> int:
        return sum(getattr(table, name) for table in self.tables)


class ConflictsError(ExportRefusedError):
    """The backup and the system don't agree; nothing was changed. `report` tells where."""

    def __init__(self, message: str, report: RestoreReport) -> None:
        super().__init__("conflicts", message)
        self.report = report


def restore_backup(
    *,
    source: BinaryIO,
    actor: User | None,
    is_dry_run: bool = False,
    keep_ours: bool = False,
    lose_erasures: bool = False,
    on_progress: Progress | None = None,
) -> RestoreReport:
    """Add what a backup has and this system hasn't; nothing that is here is changed or removed.

    Rows that differ from those here are refused, unless `keep_ours` leaves those here as they are; rows that another
    one here is in the way of are always refused. Whoever was erased stays so. Messages and broadcasts that were under
    way aren't sent again. A dry run does all but the adding, and changes nothing.

    Raises ConflictsError, and ExportRefusedError `not-a-backup`, `damaged`, `other-schema`, `other-index-key` (unless
    `lose_erasures`) and `busy`.
    """
    with _opened(source) as (archive, manifest):
        _refuse_other_schema(manifest)
        may_bring_erasures = _refuse_lost_erasures(manifest, lose_erasures=lose_erasures or is_dry_run)
        with _in_words(), transaction.atomic():
            if not is_dry_run:
                lock_tables([file.table for file in manifest.tables if _is_restored(file)])
            report = RestoreReport(
                manifest, _compare(archive, manifest, may_bring_erasures, on_progress), is_dry_run=is_dry_run
            )
            if is_dry_run:
                transaction.set_rollback(True)
                return report
            _refuse_conflicts(report, keep_ours=keep_ours)
            settle_what_was_under_way()
            _insert(manifest)
            count_anew()
            erased_again = erase_again()
            connection.check_constraints()
            _record(report, actor=actor, erased_again=erased_again)
    rebuild_analytics(actor=actor)
    return RestoreReport(manifest, report.tables, erased_again)


def restore_exactly(*, source: BinaryIO) -> Manifest:
    """Restore into an empty database as it was, for a rehearsal: nothing is settled, nobody is erased again."""
    with _opened(source) as (archive, manifest), _in_words(), transaction.atomic():
        _refuse_other_schema(manifest)
        report = RestoreReport(manifest, _compare(archive, manifest, True, None))
        _refuse_conflicts(report, keep_ours=False)
        _insert(manifest)
        connection.check_constraints()
    return manifest


def read_backup(source: BinaryIO) -> Manifest:
    """What a backup says of itself. Raises ExportRefusedError `not-a-backup`."""
    with _opened(source) as (_archive, manifest):
        return manifest


@contextmanager
def _opened(source: BinaryIO) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    try:
        with zipfile.ZipFile(source) as archive:
            manifest = read_manifest(archive.read(MANIFEST))
            unknown = {file.table for file in manifest.tables} - tables_by_name().keys()
            missing = {file.file for file in manifest.tables} - set(archive.namelist())
            if unknown or missing:
                raise _not_a_backup(", ".join(sorted(unknown | missing)))
            yield archive, manifest
    except (zipfile.BadZipFile, KeyError) as error:
        raise _not_a_backup(str(error)) from error


def _not_a_backup(reason: str) -> ExportRefusedError:
    return ExportRefusedError("not-a-backup", _("This is not a whole backup of this system: %s") % reason)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        message = _("The database refuses what is in the backup: %s Nothing was changed.")
        raise ExportRefusedError("refused-by-database", message % error) from error
    except OperationalError as error:
        message = _("The database can't do it now: %s Nothing was changed. Stop the workers and the intake, try again.")
        raise ExportRefusedError("busy", message % error) from error


def _refuse_other_schema(manifest: Manifest) -> None:
    here, there = set(schema_version()), set(manifest.migrations)
    words = []
    if there - here:
        words.append(_("The backup was made by a newer program, with: %s.") % ", ".join(sorted(there - here)))
    if here - there:
        words.append(_("The backup was made by an older program, without: %s.") % ", ".join(sorted(here - there)))
    if words:
        words.append(_("Restore it with the program that made it into an empty database, then update that."))
        raise ExportRefusedError("other-schema", " ".join(words))


def _refuse_lost_erasures(manifest: Manifest, *, lose_erasures: bool) -> bool:
    """Whether fingerprints of erased people in the backup can be compared with people here."""
    if manifest.index_key == index_key_name():
        return True
    tombstones = sum(file.rows for file in manifest.tables if file.table == ErasedPerson._meta.db_table)
    if not lose_erasures and (tombstones or any(read_tombstones())):
        message = _(
            "ELECTIONSITE_BLIND_INDEX_KEY is another than when the backup was made, so nobody can see which of its "
            "people have been erased since. Set the key of that time, or say --lose-erasures."
        )
        raise ExportRefusedError("other-index-key", message)
    return False


def _is_restored(file: TableFile) -> bool:
    return not tables_by_name()[file.table].is_read_only


def _compare(
    archive: zipfile.ZipFile, manifest: Manifest, may_bring_erasures: bool, on_progress: Progress | None
) -> list[TableReport]:
    """Stage and match every table; the whole archive is verified by it."""
    write_values_plainly()
    done, tables, names = 0, [], set()
    for file in manifest.tables:
        table = tables_by_name()[file.table]
        before = done

        def tell(rows: int, before: int = before) -> None:
            if on_progress:
                on_progress(before + rows)

        if table.is_read_only:
            verify(archive, file, tell)
        else:
            _refuse_other_columns(file, table, manifest)
            stage(archive, file, tell)
            names.add(table.name)
            may_add = len(file.columns) == len(table.columns) and (may_bring_erasures or table.label != TOMBSTONES)
            match(table, file.columns, staged_tables=names, may_add=may_add)
            tables.append(_report(table))
        done += file.rows
    return tables


def _refuse_other_columns(file: TableFile, table: Table, manifest: Manifest) -> None:
    is_shortened = bool(manifest.candidate) and table.label == STAFF
    wanted = list(STAFF_COLUMNS) if is_shortened else table.columns
    if file.columns != wanted:
        raise _not_a_backup(file.file)


def _report(table: Table) -> TableReport:
    stage_name = staged(table.name)
    counts: dict[str, int] = dict(read(f"SELECT fate, count(*) FROM {stage_name} GROUP BY fate"))  # noqa: S608 (our own name)
    keys = ", ".join(key_of(one, "came") for one in table.key)
    conflicts = read(
        f"SELECT concat_ws(' / ', {keys}) FROM {stage_name} AS came WHERE fate = ANY(%s) LIMIT %s",  # noqa: S608
        [[DIFFERS, COLLIDES], SHOWN_CONFLICTS],
    )
    return TableReport(
        table.name,
        new=counts.get(NEW, 0),
        same=counts.get(SAME, 0),
        differing=counts.get(DIFFERS, 0),
        colliding=counts.get(COLLIDES, 0),
        of_wholes=counts.get(PART, 0),
        left_out=counts.get(LEFT, 0),
        examples=tuple(row[0] for row in conflicts),
    )


def _refuse_conflicts(report: RestoreReport, *, keep_ours: bool) -> None:
    if report.total("colliding"):
        message = _("Other rows here are in the way of rows of the backup. Restore it into an empty database.")
        raise ConflictsError(message, report)
    if report.total("differing") and not keep_ours:
        message = _(
            "Rows of the backup differ from those here. --keep-ours leaves those here as they are and adds the rest; "
            "to have what the backup has, restore it into an empty database."
        )
        raise ConflictsError(message, report)


def _insert(manifest: Manifest) -> None:
    for file in filter(_is_restored, manifest.tables):
        table = tables_by_name()[file.table]
        if len(file.columns) == len(table.columns):
            insert_new(table)
            draw_later_numbers(table)


def _record(report: RestoreReport, *, actor: User | None, erased_again: int) -> None:
    manifest = report.manifest
    record(
        action="exports.backup.bring_back",
        actor=actor,
        details={
            "made_at": manifest.made_at.isoformat(),
            "made_by": manifest.made_by,
            "candidate": manifest.candidate,
            "rows": report.total("new"),
            "kept": report.total("differing"),
            "erased_again": erased_again,
            "tables": {table.table: table.new for table in report.tables if table.new},
        },
    )
