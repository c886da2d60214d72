"""Taking batches out of the inbox. Any number of workers may run; one at a time handles a bot."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from bots.models import Bot, InboundUpdate
from bots.projection.apply import apply_facts
from bots.projection.decode import UnreadableUpdate, kind_of
from bots.projection.interpret import Facts, interpret
from common.crypto import DecryptionError
from common.text import clean_text

logger = logging.getLogger(__name__)

BATCH_SIZE = 1000
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
class _Verdict:
    """What becomes of one update."""

    update: InboundUpdate
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
    while True:
        handled = 0
        for bot_id in _bots_that_wait():
            if give_up_at is not None and time.monotonic() >= give_up_at:
                return report
            count = _project_batch(bot_id, report, wait=wait)
            handled += count
            if on_progress and count:
                on_progress(count)
        if not handled:
            return report


def _bots_that_wait() -> list[int]:
    waiting = InboundUpdate.objects.filter(bot=OuterRef("pk"), state=State.PENDING)
    return list(Bot.objects.filter(Exists(waiting)).order_by("pk").values_list("pk", flat=True))


def _project_batch(bot_id: int, report: ProjectionReport, *, wait: bool) -> int:
    try:
        with transaction.atomic():
            updates = _claim(bot_id, BATCH_SIZE, wait=wait)
            verdicts = [_judge(update) for update in updates]
            _carry_out(bot_id, verdicts)
    except NO_UPDATES_FAULT:
        raise
    except Exception:
        logger.exception("A batch of bot %s failed as a whole; taking its updates one by one", bot_id)
        verdicts = list(_project_one_by_one(bot_id, wait=wait))
    for verdict in verdicts:
        setattr(report, verdict.state, getattr(report, verdict.state) + 1)
    return len(verdicts)


def _claim(bot_id: int, size: int, *, wait: bool, with_bodies: bool = True) -> list[InboundUpdate]:
    """The bot's next updates in order of arrival, while its row is locked; none when another worker has it.

    Arrival is the right order: the platform sends a person's next update only after it was told that the last one
    is stored, and update numbers start anew after a quiet week.
    """
    bots: QuerySet[Bot] = Bot.objects.select_for_update(skip_locked=not wait, no_key=True)
    if bots.filter(pk=bot_id).values_list("pk").first() is None:
        return []
    updates = InboundUpdate.objects.filter(bot_id=bot_id, state=State.PENDING).order_by("pk")
    return list((updates if with_bodies else updates.defer("body"))[:size])


def _judge(update: InboundUpdate) -> _Verdict:
    body = update.body.encode()
    if update.update_id is None:
        return _Verdict(update, State.REJECTED, kind_of(body), "it has no update number that fits 64 bits")
    try:
        facts = interpret(body, update_id=update.update_id, received_at=update.received_at)
    except UnreadableUpdate as error:
        return _Verdict(update, State.REJECTED, kind_of(body), str(error))
    return _Verdict(update, State.PROJECTED if facts.is_used else State.UNUSED, facts.kind, facts=facts)


def _carry_out(bot_id: int, verdicts: list[_Verdict]) -> None:
    used = [verdict.facts for verdict in verdicts if verdict.facts is not None and verdict.state == State.PROJECTED]
    if used:
        apply_facts(bot_id, used)
    groups: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for verdict in verdicts:
        groups[verdict.state, verdict.kind, verdict.reason].append(verdict.update.pk)
    now = timezone.now()
    for (state, kind, reason), keys in groups.items():
        InboundUpdate.objects.filter(pk__in=keys).update(state=state, kind=kind, reason=reason, projected_at=now)


def _project_one_by_one(bot_id: int, *, wait: bool) -> Iterator[_Verdict]:
    for _attempt in range(BATCH_SIZE):
        with transaction.atomic():
            updates = _claim(bot_id, 1, wait=wait, with_bodies=False)
            if not updates:
                return
            verdict = _carry_out_alone(bot_id, updates[0])
        yield verdict


def _carry_out_alone(bot_id: int, update: InboundUpdate) -> _Verdict:
    try:
        with transaction.atomic():
            verdict = _judge(update)
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
        verdict = _reject(bot_id, update, kind=kind_of(update.body.encode()), reason=reason)
    return verdict


def _reject(bot_id: int, update: InboundUpdate, *, kind: str, reason: str) -> _Verdict:
    verdict = _Verdict(update, State.REJECTED, kind, reason)
    _carry_out(bot_id, [verdict])
    return verdict
