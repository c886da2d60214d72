"""Asking for exports, agreeing to them, and stopping them. A worker makes the file (`exports.running`)."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Candidate, User
from audit.services import record
from common.errors import DomainError
from common.text import clean_text
from exports import outcomes
from exports.approval import earlier_approval, needs_approval
from exports.counting import count_all
from exports.datasets import Wish, check_wish, dataset_named
from exports.endings import end
from exports.errors import ExportRefusedError
from exports.models import DataExportLog, ScheduledExport
from exports.run_wishes import BULK, BULK_FORMAT, as_part, columns_of, wish_hash, wishes_of
from exports.selectors import may_approve, may_change

LONGEST_PURPOSE = 200
LONGEST_REASON = 500
MOST_FILES = 200

State = DataExportLog.State


def ask_for_export(
    *, wish: Wish, schedule: ScheduledExport | None = None, due_at: dt.datetime | None = None
) -> DataExportLog:
    """Note an export that a worker makes as soon as it can, or once a second person has agreed where it is large.

    The actor is the wish's. Raises ExportRefusedError as `check_wish` does.
    """
    check_wish(wish)
    run = _new_run(wish, dataset=wish.dataset, format=wish.format)
    run.candidate, run.filters, run.columns = wish.candidate, dict(wish.filters), columns_of(wish)
    run.holds_personal_data = dataset_named(wish.dataset).holds_personal_data(wish)
    run.schedule, run.due_at = schedule, due_at
    return _ask(run, [wish], actor=wish.actor)


def ask_for_bulk_export(
    *, wishes: Sequence[Wish], purpose: str, language: str = settings.LANGUAGE_CODE, actor: User | None
) -> DataExportLog:
    """Note one export with a file for each wish: a ZIP with a manifest, all of one state of the database.

    `purpose`, `language` and `actor` hold for all of them. One ZIP rather than a run for each, so that it takes one
    approval and one link, and the files agree with each other.

    Raises ExportRefusedError `nothing-chosen`, `too-many-files` (more than MOST_FILES), and as `check_wish` does.
    """
    wishes = [replace(wish, purpose=purpose, language=language, actor=actor) for wish in wishes]
    if not wishes:
        raise ExportRefusedError("nothing-chosen", _("Choose at least one candidate and one dataset."))
    if len(wishes) > MOST_FILES:
        words = _("At most %(most)d files go into one ZIP; these would be %(count)d.")
        raise ExportRefusedError("too-many-files", words % {"most": MOST_FILES, "count": len(wishes)})
    for wish in wishes:
        check_wish(wish)
    run = _new_run(wishes[0], dataset=BULK, format=BULK_FORMAT)
    run.parts = [as_part(wish) for wish in wishes]
    run.holds_personal_data = any(dataset_named(wish.dataset).holds_personal_data(wish) for wish in wishes)
    return _ask(run, wishes, actor=actor)


def create_excel_export(
    *,
    dataset: str,
    candidate: Candidate | None = None,
    filters: Mapping[str, str] | None = None,
    columns: Sequence[str] = (),
    language: str = settings.LANGUAGE_CODE,
    purpose: str = "",
    actor: User | None,
) -> DataExportLog:
    """Note an export of a dataset as an Excel workbook; no columns means all. Raises as `ask_for_export` does."""
    wish = Wish(
        dataset=dataset,
        candidate=candidate,
        filters=filters or {},
        columns=tuple(columns),
        format="xlsx",
        language=language,
        purpose=purpose,
        actor=actor,
    )
    return ask_for_export(wish=wish)


@transaction.atomic
def approve_export(*, run: DataExportLog, actor: User) -> DataExportLog:
    """Agree to a large export of somebody else, as `run` shows it; a worker makes it then.

    Raises DomainError `not-allowed`, `own-work`, `wrong-state`, `changed-since` (since `run` was read).
    """
    locked = _lock(run)
    if locked.asked_by_id == actor.pk:
        raise DomainError("own-work", _("You asked for this export. Somebody else must approve it."))
    _refuse_unless(may_approve(actor, locked))
    _refuse_unless_in(locked, State.AWAITING_APPROVAL)
    seen_hash = wish_hash(run)
    if seen_hash != wish_hash(locked):
        raise DomainError("changed-since", _("This was changed since you saw it. Look at it again."))
    locked.state, locked.approved_by, locked.approved_hash = State.QUEUED, actor, seen_hash
    locked.save(update_fields=["state", "approved_by", "approved_hash"])
    details = {"content_hash": seen_hash, "rows": locked.rows_expected, "purpose": locked.purpose}
    record(action="exports.run.approved", actor=actor, target=locked, details=details)
    _give_to_worker(locked)
    return locked


@transaction.atomic
def refuse_export(*, run: DataExportLog, actor: User, reason: str) -> DataExportLog:
    """Not agree to a large export; whoever asked for it reads why.

    Raises DomainError `not-allowed`, `wrong-state`, `reason-missing`.
    """
    locked = _lock(run)
    _refuse_unless(may_approve(actor, locked))
    _refuse_unless_in(locked, State.AWAITING_APPROVAL)
    reason = clean_text(reason.strip(), LONGEST_REASON)
    if not reason:
        raise DomainError("reason-missing", _("Say why: who asked for the export reads it."))
    locked.reason_code, locked.reason = outcomes.REFUSED, reason
    end(locked, State.CANCELLED)
    record(action="exports.run.refused", actor=actor, target=locked, details={"reason": reason})
    return locked


@transaction.atomic
def cancel_export(*, run: DataExportLog, actor: User | None) -> DataExportLog:
    """Call off an export that isn't at its end. One that runs stops within about a second.

    Raises DomainError `not-allowed`, `wrong-state`.
    """
    locked = _lock(run)
    _refuse_unless(actor is None or may_change(actor, locked))
    _refuse_unless_in(locked, State.AWAITING_APPROVAL, State.QUEUED, State.RUNNING)
    if locked.cancel_asked_at:
        return locked
    if locked.state == State.RUNNING:
        locked.cancel_asked_at, locked.cancel_asked_by = timezone.now(), actor
        locked.save(update_fields=["cancel_asked_at", "cancel_asked_by"])
    else:
        end(locked, State.CANCELLED)
    record(action="exports.run.cancel", actor=actor, target=locked)
    return locked


def retry_export(*, run: DataExportLog, actor: User | None) -> DataExportLog:
    """Ask anew for what a run that failed, was cancelled or has expired was asked for; `run` stays as it is.

    It is the actor's export then, with their rights; the system tries again for whoever asked first.

    Raises DomainError `not-allowed`, `wrong-state`, `retried-already`, and as `check_wish` does.
    """
    _refuse_unless(actor is None or may_change(actor, run))
    asker = actor or run.asked_by
    wishes = [replace(wish, actor=asker) for wish in wishes_of(run)]
    for wish in wishes:
        check_wish(wish)
    names = ("dataset", "candidate", "filters", "columns", "parts", "format", "language", "purpose", "schedule")
    again = DataExportLog(**{name: getattr(run, name) for name in names}, asked_by=asker, retry_of=run)
    again.holds_personal_data = any(dataset_named(wish.dataset).holds_personal_data(wish) for wish in wishes)
    return _ask(again, wishes, actor=actor)


def _new_run(wish: Wish, *, dataset: str, format: str) -> DataExportLog:
    purpose = clean_text(wish.purpose.strip(), LONGEST_PURPOSE)
    return DataExportLog(dataset=dataset, format=format, language=wish.language, purpose=purpose, asked_by=wish.actor)


def _ask(run: DataExportLog, wishes: Sequence[Wish], *, actor: User | None) -> DataExportLog:
    count = count_all(list(wishes))
    run.rows_expected, run.rows_are_estimated = count.rows, not count.is_exact
    with transaction.atomic():
        if run.retry_of:
            _refuse_second_retry(run.retry_of)
        if needs_approval(rows=count.rows, holds_personal_data=run.holds_personal_data):
            _seek_approval(run)
        run.save()
        names = ("dataset", "filters", "columns", "parts", "format", "language", "purpose", "holds_personal_data")
        details = {name: getattr(run, name) for name in (*names, "state")}
        details |= {"candidate": run.candidate_id, "rows": run.rows_expected, "retry_of": run.retry_of_id}
        record(action="exports.run.ask", actor=actor, target=run, details=details)
        if run.state == State.QUEUED:
            _give_to_worker(run)
    return run


def _seek_approval(run: DataExportLog) -> None:
    """Have the run wait for a second person, unless one has agreed to the same already."""
    earlier = earlier_approval(run)
    if earlier:
        run.approved_by, run.approved_hash = earlier.approved_by, earlier.approved_hash
    else:
        run.state = State.AWAITING_APPROVAL


def _refuse_second_retry(run: DataExportLog) -> None:
    locked = _lock(run)
    _refuse_unless_in(locked, State.FAILED, State.CANCELLED, State.EXPIRED)
    if locked.retries.filter(state__in=[State.AWAITING_APPROVAL, *DataExportLog.UNDER_WAY]).exists():
        raise DomainError("retried-already", _("It is being tried again already."))


def _give_to_worker(run: DataExportLog) -> None:
    from exports.tasks import carry_out  # which imports the services

    number = run.pk
    # A queue that is away must not undo what is written down: the sweep gives it to a worker later.
    transaction.on_commit(lambda: carry_out.delay(run_id=number), robust=True)


def _lock(run: DataExportLog) -> DataExportLog:
    return DataExportLog.objects.select_for_update().get(pk=run.pk)


def _refuse_unless(is_allowed: bool) -> None:
    if not is_allowed:
        raise DomainError("not-allowed", _("You may not do this with this export."))


def _refuse_unless_in(run: DataExportLog, *states: str) -> None:
    if run.state not in states:
        words = _("This can't be done any more: the export is “%(state)s” now.")
        raise DomainError("wrong-state", words % {"state": State(run.state).label})
