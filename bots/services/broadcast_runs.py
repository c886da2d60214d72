"""Having broadcasts begin, pause, go on and stop."""

import datetime as dt
import logging

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from bots.broadcast_rules import (
    SEND_PERMISSION,
    lock_broadcast,
    refuse_beyond_plan,
    refuse_in_state,
    refuse_while_paused,
)
from bots.models import Bot, Broadcast, BroadcastDelivery
from bots.sending.deliveries import close_queue, finish_if_over, queue_audience
from bots.services.broadcasts import is_approved, needs_approval
from common.errors import DomainError
from common.text import clean_text

logger = logging.getLogger(__name__)
State, Delivery = Broadcast.State, BroadcastDelivery.State
LONGEST_REASON = 500
RESENT = (Delivery.UNCERTAIN, Delivery.FAILED)

# The key begins with the broadcast, so these are its rows only, once each.
QUEUE_AGAIN = """
UPDATE bots_broadcastdelivery SET state = 'queued', reason = '', due_at = NULL, settled_at = NULL
WHERE broadcast_id = %s AND state = %s
"""


@transaction.atomic
def start_broadcast(*, broadcast_id: int, actor: User | None) -> Broadcast:
    """Begin: who gets it is fixed now, and a delivery is queued for each of them.

    Raises DomainError `not-allowed`, `broadcast-not-found`, `wrong-state`, `deadline-passed`, `no-plan`, `plan-limit`,
    `no-audience`, `approval-needed` (more people than when it was submitted).
    """
    broadcast = lock_broadcast(broadcast_id, actor=actor, permission=SEND_PERMISSION)
    refuse_in_state(broadcast, State.SCHEDULED)
    now = timezone.now()
    if broadcast.deadline and broadcast.deadline <= now:
        raise DomainError("deadline-passed", _("Its deadline has passed."))
    refuse_beyond_plan(broadcast.candidate, now=now)
    broadcast.audience_count = queue_audience(broadcast)
    if not broadcast.audience_count:
        raise DomainError("no-audience", _("Nobody would get it. Look at the audience and at the bot's token."))
    if needs_approval(broadcast.audience_count) and not is_approved(broadcast):
        raise DomainError("approval-needed", _("So many people may get it only with a second person's approval."))
    broadcast.state, broadcast.started_at, broadcast.state_reason = State.SENDING, now, ""
    broadcast.save(update_fields=["audience_count", "state", "started_at", "state_reason"])
    details = {"people": broadcast.audience_count}
    record(action="bots.broadcast.start", actor=actor, target=broadcast, details=details)
    return broadcast


def start_due_broadcasts() -> int:
    """Begin every broadcast whose time has come; gives how many did. One that can't begin is put back, with why."""
    due = Broadcast.objects.filter(state=State.SCHEDULED, scheduled_for__lte=timezone.now())
    started = 0
    for broadcast_id in due.order_by("scheduled_for").values_list("pk", flat=True):
        try:
            start_broadcast(broadcast_id=broadcast_id, actor=None)
            started += 1
        except DomainError as error:
            _put_back(broadcast_id, error)
    return started


@transaction.atomic
def _put_back(broadcast_id: int, error: DomainError) -> None:
    broadcast = lock_broadcast(broadcast_id, actor=None, permission=SEND_PERMISSION)
    if broadcast.state != State.SCHEDULED:  # another sender was quicker
        return
    broadcast.state = State.AWAITING if error.code == "approval-needed" else State.DRAFT
    broadcast.state_reason = clean_text(str(error), LONGEST_REASON)
    broadcast.save(update_fields=["state", "state_reason"])
    record(action="bots.broadcast.refused", actor=None, target=broadcast, details={"reason": error.code})


@transaction.atomic
def pause_broadcast(*, broadcast_id: int, reason: str = "", actor: User | None) -> Broadcast:
    """Send no more of it until it is resumed; what is on its way arrives.

    Raises DomainError `not-allowed`, `broadcast-not-found`, `wrong-state`.
    """
    broadcast = lock_broadcast(broadcast_id, actor=actor, permission=SEND_PERMISSION)
    refuse_in_state(broadcast, State.SENDING)
    _set_state(broadcast, State.PAUSED, reason)
    details = {"reason": broadcast.state_reason}
    record(action="bots.broadcast.paused", actor=actor, target=broadcast, details=details)
    return broadcast


@transaction.atomic
def resume_broadcast(*, broadcast_id: int, actor: User | None) -> Broadcast:
    """Go on with one that is paused.

    Raises DomainError `not-allowed`, `broadcast-not-found`, `wrong-state`, `bot-paused`.
    """
    broadcast = lock_broadcast(broadcast_id, actor=actor, permission=SEND_PERMISSION)
    refuse_in_state(broadcast, State.PAUSED)
    refuse_while_paused(broadcast)
    _set_state(broadcast, State.SENDING, "")
    _measure_anew(broadcast)
    record(action="bots.broadcast.resumed", actor=actor, target=broadcast)
    return broadcast


@transaction.atomic
def stop_broadcast(*, broadcast_id: int, reason: str = "", actor: User | None) -> Broadcast:
    """End it for good: who waits is left out, what is on its way arrives.

    Raises DomainError `not-allowed`, `broadcast-not-found`, `wrong-state`.
    """
    broadcast = lock_broadcast(broadcast_id, actor=actor, permission=SEND_PERMISSION)
    refuse_in_state(broadcast, State.SENDING, State.PAUSED)
    _set_state(broadcast, State.STOPPED, reason)
    why = BroadcastDelivery.Why.STOPPED
    left_out = close_queue(broadcast, state=Delivery.LEFT_OUT, why=why, now=timezone.now())
    details = {"reason": broadcast.state_reason, "left_out": left_out}
    record(action="bots.broadcast.stopped", actor=actor, target=broadcast, details=details)
    return broadcast


@transaction.atomic
def resend_deliveries(*, broadcast_id: int, state: str, actor: User | None) -> int:
    """Queue again what is uncertain, which some may get twice, or what has failed; gives how many.

    Raises DomainError `not-allowed`, `broadcast-not-found`, `wrong-state`, `nothing-to-resend`.
    """
    broadcast = lock_broadcast(broadcast_id, actor=actor, permission=SEND_PERMISSION)
    refuse_in_state(broadcast, State.DONE, State.PAUSED, State.SENDING)
    if state not in RESENT:
        raise DomainError("nothing-to-resend", _("Only what is uncertain or has failed can be sent again."))
    with connection.cursor() as cursor:
        cursor.execute(QUEUE_AGAIN, [broadcast.pk, state])
        count = int(cursor.rowcount)
    if not count:
        raise DomainError("nothing-to-resend", _("There is nothing to send again."))
    setattr(broadcast, f"{state}_count", getattr(broadcast, f"{state}_count") - count)
    if broadcast.state == State.DONE:
        broadcast.state, broadcast.finished_at = State.SENDING, None
    broadcast.save(update_fields=[f"{state}_count", "state", "finished_at"])
    _measure_anew(broadcast)
    details = {"count": count, "state": state}
    record(action="bots.broadcast.resend", actor=actor, target=broadcast, details=details)
    return count


@transaction.atomic
def halt_bot(*, bot: Bot, reason: str) -> None:
    """Pause all broadcasts of a bot whose messages the platform refuses, as the system."""
    running = Broadcast.objects.filter(state=State.SENDING, candidate_id=bot.candidate_id)
    for broadcast in running.exclude(bot__isnull=False, bot__in=Bot.objects.exclude(pk=bot.pk)).order_by("pk"):
        try:
            pause_broadcast(broadcast_id=broadcast.pk, reason=f"{bot.slug}: {reason}", actor=None)
        except DomainError:  # staff paused or stopped it meanwhile
            continue


def end_late_broadcasts(now: dt.datetime) -> int:
    """End what has passed its deadline, whether it is being sent or paused; gives how many.

    Also finishes those whose last waiting people were erased.
    """
    for broadcast_id in Broadcast.objects.filter(state=State.SENDING).values_list("pk", flat=True):
        finish_if_over(broadcast_id, now)
    late = Broadcast.objects.filter(state__in=[State.SENDING, State.PAUSED], deadline__lte=now).order_by("pk")
    return sum(_end_late(broadcast_id, now) for broadcast_id in late.values_list("pk", flat=True))


@transaction.atomic
def _end_late(broadcast_id: int, now: dt.datetime) -> bool:
    broadcast = lock_broadcast(broadcast_id, actor=None, permission=SEND_PERMISSION)
    if broadcast.state not in (State.SENDING, State.PAUSED):
        return False
    why = BroadcastDelivery.Why.TOO_LATE
    expired = close_queue(broadcast, state=Delivery.EXPIRED, why=why, now=now)
    if expired:
        record(action="bots.broadcast.expired", actor=None, target=broadcast, details={"count": expired})
    return bool(expired)


def _set_state(broadcast: Broadcast, state: str, reason: str) -> None:
    broadcast.state, broadcast.state_reason = state, clean_text(reason.strip(), LONGEST_REASON)
    broadcast.save(update_fields=["state", "state_reason"])


def _measure_anew(broadcast: Broadcast) -> None:
    """Nothing was sent of it for a while, and nobody shall take that for trouble."""
    broadcast.sampled_at, broadcast.sampled_count = timezone.now(), broadcast.settled_count
    broadcast.save(update_fields=["sampled_at", "sampled_count"])
