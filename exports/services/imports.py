"""Importing a file that somebody has looked through, and taking an import back."""

import datetime as dt
import uuid
from dataclasses import replace

from constance import config
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from common.errors import DomainError
from exports.imports.drafts import drop_draft, find_draft
from exports.imports.judging import Judgement, judge
from exports.imports.kinds import ImportKind
from exports.imports.resource import Outcome
from exports.imports.rights import may_undo
from exports.imports.undoing import done_rows, rows_of, undo_row, written
from exports.models import DataImport

LOCK = "exports.imports"


def import_file(*, kind: ImportKind, number: uuid.UUID, seen: str, actor: User | None) -> DataImport:
    """Carry out the preview `number`, whose fingerprint `seen` was shown: all of it, or nothing.

    Raises DomainError `not-allowed`, `done-already` (with `import_id`), `draft-gone`, `not-previewed`, `has-errors`,
    `changed-meanwhile` where a row would now do something else than was shown, and `row-refused`.
    """
    if not kind.may_import(actor):
        raise DomainError("not-allowed", _("You may not import this."))
    _refuse_done(number)
    draft = find_draft(number, kind=kind.code, actor_id=actor.pk if actor else None)
    if draft.seen != seen:
        raise DomainError("not-previewed", _("This isn't what the preview showed, so nothing was imported."))
    try:
        with transaction.atomic():
            _wait_for_others()
            _refuse_done(number)
            judgement = judge(kind=kind, rows=draft.rows, actor=actor, dry_run=False)
            if judgement.digests != draft.digests:
                raise _changed_meanwhile()
            if judgement.wrong or not judgement.does_anything:
                raise DomainError("has-errors", _("Nothing was imported: correct the file first."))
            done = _keep(kind, number, draft.file_name, judgement, actor)
    except IntegrityError as error:
        raise _changed_meanwhile() from error
    drop_draft(number)
    return done


def undo_import(*, import_id: int, actor: User | None) -> DataImport:
    """Remove what an import added, and give what it changed its former values.

    What somebody has changed or used since stays, and is told by its rows; another try takes up those alone.
    Raises DomainError `import-not-found`, `not-allowed`, `too-late`.
    """
    with transaction.atomic():
        found = DataImport.objects.select_for_update().filter(pk=import_id).first()
        if found is None:
            raise DomainError("import-not-found", _("There is no such import."))
        if not may_undo(actor, found):
            raise DomainError("not-allowed", _("You may not undo this import."))
        if not found.can_be_undone(timezone.now()):
            raise DomainError("too-late", _("This import can't be undone any more."))
        # The last one first, as a later row may rest on an earlier one.
        tried = [replace(row, kept=undo_row(found.kind, row, actor)) for row in reversed(rows_of(found))]
        kept = [row for row in reversed(tried) if row.kept]
        found.rows, found.kept_count = written(kept), len(kept)
        found.state = DataImport.State.PARTLY_UNDONE if kept else DataImport.State.UNDONE
        found.undone_at, found.undone_by = timezone.now(), actor
        found.save()
        details = {"kind": found.kind, "count": len(tried) - len(kept), "kept": len(kept)}
        record(action="exports.data_import.undone", actor=actor, target=found, details=details)
    return found


def forget_former_values() -> int:
    """Drop the former values of imports that can't be undone any more; returns of how many. Beat asks each night."""
    with transaction.atomic():
        over = DataImport.objects.filter(undo_until__lte=timezone.now()).exclude(rows="")
        count = over.update(rows="")
        if count:
            record(action="exports.data_import.forget", actor=None, details={"count": count})
    return count


def _keep(kind: ImportKind, number: uuid.UUID, file_name: str, judgement: Judgement, actor: User | None) -> DataImport:
    counts, now = judgement.counts, timezone.now()
    done = DataImport.objects.create(
        number=number,
        kind=kind.code,
        file_name=file_name,
        created_count=counts[Outcome.NEW],
        changed_count=counts[Outcome.CHANGED],
        unchanged_count=counts[Outcome.UNCHANGED],
        rows=written(done_rows(judgement)),
        done_by=actor,
        done_at=now,
        undo_until=now + dt.timedelta(hours=config.IMPORT_UNDO_HOURS),
    )
    details = {"kind": kind.code, "file": file_name, "rows": dict(counts)}
    record(action="exports.data_import.finish", actor=actor, target=done, details=details)
    return done


def _refuse_done(number: uuid.UUID) -> None:
    done = DataImport.objects.filter(number=number).values_list("pk", flat=True).first()
    if done:
        raise DomainError("done-already", _("This file was imported already."), import_id=done)


def _changed_meanwhile() -> DomainError:
    words = _("Something has changed since the preview, so nothing was imported. Look through it again.")
    return DomainError("changed-meanwhile", words)


def _wait_for_others() -> None:
    """One import at a time: else two could both add what neither has found."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [LOCK])
