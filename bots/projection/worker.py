"""Taking batches out of the inbox. Any number of workers may run; one at a time handles a bot."""

import datetime as dt
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from bots.models import Bot, InboundUpdate
from bots.projection.apply import apply_facts
from bots.projection.decode import UnreadableUpdate, kind_of
from bots.projection.interpret import Facts, interpret
from bots.projection.repeated import REASON as REPEATED
from bots.projection.repeated import repeated_among
from common.crypto import DecryptionError, decrypt
from common.set_wise import fetch_rows
from common.text import clean_text

logger = logging.getLogger(__name__)

BATCH_SIZE = 1000
ASK_AGAIN_SECONDS = 1.0  # for bots that began to wait meanwhile; asking looks into each part of the inbox
ERASED = "of a person who was erased"
_BODY_CONTEXT = InboundUpdate._meta.get_field("body").context
_NEXT = """
    SELECT id, update_id, received_at, source, body FROM bots_inboundupdate
    WHERE bot_id = %b AND state = 'pending' ORDER BY id LIMIT %b
"""
# The planner's figures of a queue are old by nature; it would take few to wait, read all of them and sort.
_IN_ORDER_OF_THE_INDEX = "SET LOCAL enable_sort = off"
_AS_EVER = "SET LOCAL enable_sort = DEFAULT"
# By the times, only those parts of the inbox are looked into that hold them.
_DONE = """
    UPDATE bots_inboundupdate SET state = %b, kind = %b, reason = %b, projected_at = %b
    WHERE id = ANY(%b::bigint[]) AND received_at BETWEEN %b AND %b
"""
State = InboundUpdate.State
# The database is away or busy, the task's time is up, memory is short: the same updates may pass in a minute.
NO_UPDATES_FAULT = (OperationalError, InterfaceError, SoftTimeLimitExceeded, MemoryError)


@dataclass
class ProjectionReport:
    """What became of the updates that were taken."""

    projected: int = 0
    unused: int = 0
    rejected: int = 0

    @property
    def total(self) -> int:
        return self.projected + self.unused + self.rejected


@dataclass(slots=True)
class _Waiting:
    """An update that waits, its body encrypted as it is stored."""

    pk: int
    update_id: int | None
    received_at: dt.datetime
    source: str
    stored_body: str

    def body(self) -> bytes:
        """The update as it came. Raises DecryptionError."""
        return decrypt(self.stored_body, context=_BODY_CONTEXT).encode()


@dataclass(slots=True)
class _Verdict:
    """What becomes of one update."""

    update: _Waiting
    state: str
    kind: str
    reason: str = ""
    facts: Facts | None = None


def project_inbox(
    *,
    wait: bool = False,
    stop_after_seconds: float | None = None,
    on_progress: Callable[[int], object] | None = None,
) -> ProjectionReport:
    """Take updates out of the inbox until none waits, and return what became of them.

    Bots that another worker is busy with are left to it, unless `wait` is set. Stops early, between two batches,
    after `stop_after_seconds`. Each batch is one transaction: a worker that dies takes nothing with it.
    """
    report = ProjectionReport()
    give_up_at = None if stop_after_seconds is None else time.monotonic() + stop_after_seconds
    while bots := _bots_that_wait():
        handled, ask_again_at = 0, time.monotonic() + ASK_AGAIN_SECONDS
        while bots and time.monotonic() < ask_again_at:
            for bot_id in list(bots):
                if give_up_at is not None and time.monotonic() >= give_up_at:
                    return report
                count = _project_batch(bot_id, report, wait=wait)
                handled += count
                if count < BATCH_SIZE:
                    bots.remove(bot_id)
                if on_progress and count:
                    on_progress(count)
        if not handled:  # what waits is another worker's
            return report
    return report


def _bots_that_wait() -> list[int]:
    """The bots with updates in the inbox: of each, its first one is looked for, never all."""
    first = InboundUpdate.objects.filter(bot=OuterRef("pk"), state=State.PENDING).values("pk")[:1]
    waiting = Bot.objects.alias(first=Subquery(first)).filter(first__isnull=False)
    return list(waiting.order_by("pk").values_list("pk", flat=True))


def _project_batch(bot_id: int, report: ProjectionReport, *, wait: bool) -> int:
    try:
        with transaction.atomic():
            updates = _claim(bot_id, BATCH_SIZE, wait=wait)
            repeated = repeated_among(bot_id, updates)
            verdicts = [_judge(update, repeated) for update in updates]
            _carry_out(bot_id, verdicts)
    except NO_UPDATES_FAULT:
        raise
    except Exception:
        logger.exception("A batch of bot %s failed as a whole; taking its updates one by one", bot_id)
        verdicts = list(_project_one_by_one(bot_id, wait=wait))
    for verdict in verdicts:
        setattr(report, verdict.state, getattr(report, verdict.state) + 1)
    return len(verdicts)


def _claim(bot_id: int, size: int, *, wait: bool) -> list[_Waiting]:
    """The bot's next updates in order of arrival, while its row is locked; none when another worker has it.

    Arrival is the right order: the platform sends a person's next update only after it was told that the last one
    is stored, and update numbers start anew after a quiet week.
    """
    bots: QuerySet[Bot] = Bot.objects.select_for_update(skip_locked=not wait, no_key=True)
    if bots.filter(pk=bot_id).values_list("pk").first() is None:
        return []
    fetch_rows(_IN_ORDER_OF_THE_INDEX, [])
    rows = fetch_rows(_NEXT, [bot_id, size])
    fetch_rows(_AS_EVER, [])
    return [_Waiting(*row) for row in rows]


def _judge(update: _Waiting, repeated: Collection[int]) -> _Verdict:
    if update.pk in repeated:
        return _Verdict(update, State.UNUSED, "", REPEATED)
    body = update.body()
    if update.update_id is None:
        return _Verdict(update, State.REJECTED, kind_of(body), "it has no update number that fits 64 bits")
    try:
        facts = interpret(body, update_id=update.update_id, received_at=update.received_at)
    except UnreadableUpdate as error:
        return _Verdict(update, State.REJECTED, kind_of(body), str(error))
    facts.may_be_answered = update.source != InboundUpdate.Source.REPLAY
    return _Verdict(update, State.PROJECTED if facts.is_used else State.UNUSED, facts.kind, facts=facts)


def _carry_out(bot_id: int, verdicts: list[_Verdict]) -> None:
    used = [verdict.facts for verdict in verdicts if verdict.facts is not None and verdict.state == State.PROJECTED]
    if used:
        apply_facts(bot_id, used)
        _drop_erased(verdicts)
    groups: dict[tuple[str, str, str], list[_Waiting]] = defaultdict(list)
    for verdict in verdicts:
        groups[verdict.state, verdict.kind, verdict.reason].append(verdict.update)
    now = timezone.now()
    for (state, kind, reason), updates in groups.items():
        moments = [update.received_at for update in updates]
        keys = [update.pk for update in updates]
        fetch_rows(_DONE, [state, kind, reason, now, keys, min(moments), max(moments)])


def _drop_erased(verdicts: list[_Verdict]) -> None:
    """Of what people send after their erasure only the number is kept, by which it is known when it comes again."""
    dropped = [verdict for verdict in verdicts if verdict.facts is not None and verdict.facts.is_of_erased]
    for verdict in dropped:
        verdict.state, verdict.reason = State.UNUSED, ERASED
    if dropped:
        InboundUpdate.objects.filter(pk__in=[verdict.update.pk for verdict in dropped]).update(body="")


def _project_one_by_one(bot_id: int, *, wait: bool) -> Iterator[_Verdict]:
    for _attempt in range(BATCH_SIZE):
        with transaction.atomic():
            updates = _claim(bot_id, 1, wait=wait)
            if not updates:
                return
            verdict = _carry_out_alone(bot_id, updates[0])
        yield verdict


def _carry_out_alone(bot_id: int, update: _Waiting) -> _Verdict:
    try:
        with transaction.atomic():
            verdict = _judge(update, repeated_among(bot_id, [update]))
            _carry_out(bot_id, [verdict])
    except NO_UPDATES_FAULT:
        raise
    except DecryptionError as error:
        if error.code == "key-missing":  # the operator's to put back; until then nothing is lost
            raise
        verdict = _reject(bot_id, update, kind="", reason="its stored body was changed and can't be decrypted")
    except Exception as error:
        logger.exception("Update %s of bot %s can't be used", update.update_id, bot_id)
        reason = clean_text(f"{type(error).__name__}: {error}", 500)
        verdict = _reject(bot_id, update, kind=kind_of(update.body()), reason=reason)
    return verdict


def _reject(bot_id: int, update: _Waiting, *, kind: str, reason: str) -> _Verdict:
    verdict = _Verdict(update, State.REJECTED, kind, reason)
    _carry_out(bot_id, [verdict])
    return verdict
