"""Checking the audit log against its seals."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

from django.db.models import Count, Min
from django.utils import timezone

from audit.models import AuditLog
from audit.seals.chain import BEFORE_THE_FIRST, Seal, audit_keys, digest_of_row, is_genuine
from audit.seals.copies import SealCopies
from audit.seals.report import Finding, Kind, Report
from audit.seals.rows import LARGEST_ID, SMALLEST_ID, id_of, new_digest, one_snapshot, stream_rows
from audit.seals.sealing import stored_seals

# Statements a seal each would make small seals slow; the rows' digests of a group stay in memory.
ROWS_PER_GROUP = 50_000
SEALS_PER_GROUP = 500
LATE_AFTER_SECONDS = 10 * 60

Progress = Callable[[int], object]


def verify_log(*, copies: Sequence[Path] = (), after: int = 0, on_progress: Progress | None = None) -> Report:
    """Check every row and every seal with a number above `after`, in one snapshot of the database.

    `copies` are files with seals as they were sent off this machine; where one differs from the database's, the copy
    is believed. `on_progress` gets the number of rows checked since it was called last. Memory stays constant.
    """
    report = Report()
    with closing(SealCopies(copies, report)) as kept, one_snapshot():
        last = next(stored_seals(after=after - 1), None) if after else None
        for group in _groups(_believed(last, stored_seals(after=after), kept, report)):
            _check_rows(group, report)
            last = group[-1]
            if on_progress:
                on_progress(sum(seal.row_count for seal in group))
        _check_tail(last, report)
    return report


def _believed(previous: Seal | None, stored: Iterable[Seal], copies: SealCopies, report: Report) -> Iterator[Seal]:
    """The seals to check rows against; what is wrong with the chain is reported."""
    number, mac = (previous.number, previous.mac) if previous else (0, BEFORE_THE_FIRST)
    for seal in stored:
        yield from _lost(range(number + 1, seal.number), copies, report)
        has_gap = seal.number != number + 1
        believed = _judge(seal, copies, report)
        if not has_gap and believed.previous_mac != mac:
            report.add(Finding(Kind.CHAIN_BROKEN, seal=seal.number))
        number, mac = seal.number, believed.mac
        yield believed
    yield from _lost(range(number + 1, copies.last_number + 1), copies, report)


def _lost(numbers: range, copies: SealCopies, report: Report) -> Iterator[Seal]:
    """Seals that aren't in the database, from the copies where they have them."""
    for number in numbers:
        report.add(Finding(Kind.SEAL_MISSING, seal=number))
        copy = copies.get(number)
        if copy:
            yield copy


def _judge(seal: Seal, copies: SealCopies, report: Report) -> Seal:
    copy = copies.get(seal.number)
    if copy and copy != seal:
        report.add(Finding(Kind.COPY_DIFFERS, seal=seal.number))
    if seal.key_id not in audit_keys():
        report.add(Finding(Kind.SEAL_KEY_MISSING, seal=seal.number, note=seal.key_id))
    elif not is_genuine(seal):
        report.add(Finding(Kind.SEAL_CHANGED, seal=seal.number))
    return copy or seal


def _groups(seals: Iterable[Seal]) -> Iterator[list[Seal]]:
    """Seals whose spans follow each other, together as many as one statement should read."""
    group: list[Seal] = []
    rows = 0
    for seal in seals:
        follows = bool(group) and seal.first_row_id == group[-1].last_row_id + 1
        if group and (not follows or rows + seal.row_count > ROWS_PER_GROUP or len(group) == SEALS_PER_GROUP):
            yield group
            group, rows = [], 0
        group.append(seal)
        rows += seal.row_count
    if group:
        yield group


def _check_rows(group: list[Seal], report: Report) -> None:
    report.seals += len(group)
    if _agrees(group):
        report.rows += sum(seal.row_count for seal in group)
        return
    for seal in group:
        for finding in _differences(seal, report):
            report.add(finding)


def _agrees(group: list[Seal]) -> bool:
    """Whether the rows of these seals are those that were sealed; the quick way, which can't say which one isn't."""
    rows = stream_rows(group[0].first_row_id, group[-1].last_row_id)
    agrees = True
    for seal in group:
        content = new_digest()
        for row in islice(rows, seal.row_count):
            content.update(row)
        agrees = agrees and content.digest() == seal.content_digest
    # To the last row in any case: a statement that is cut short would end the transaction.
    return not sum(1 for _row in rows) and agrees


def _differences(seal: Seal, report: Report) -> Iterator[Finding]:
    """The rows of one seal that aren't as they were sealed, by their ids."""
    sealed = seal.digests_by_id()
    for row in stream_rows(seal.first_row_id, seal.last_row_id):
        report.rows += 1
        row_id = id_of(row)
        digest = sealed.pop(row_id, None)
        if digest is None:
            yield Finding(Kind.ROW_INSERTED, seal=seal.number, row=row_id)
        elif digest != digest_of_row(row):
            yield Finding(Kind.ROW_CHANGED, seal=seal.number, row=row_id)
    for row_id in sorted(sealed):
        yield Finding(Kind.ROW_MISSING, seal=seal.number, row=row_id)


def _check_tail(last: Seal | None, report: Report) -> None:
    """Rows that came after the last seal: how many, and whether they should have been sealed by now."""
    first = last.last_row_id + 1 if last else SMALLEST_ID
    waiting = AuditLog.objects.filter(id__gte=first, id__lte=LARGEST_ID)
    found = waiting.aggregate(count=Count("id"), oldest=Min("occurred_at"), first=Min("id"))
    report.unsealed_rows, report.oldest_unsealed_at = found["count"], found["oldest"]
    if found["oldest"] and found["oldest"] < timezone.now() - dt.timedelta(seconds=LATE_AFTER_SECONDS):
        since = found["oldest"].astimezone(dt.UTC).isoformat(timespec="seconds")
        report.add(Finding(Kind.NOT_SEALED, row=found["first"], note=since))
