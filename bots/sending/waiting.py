"""What should have been sent by now."""

import datetime as dt

from django.db.models import Min, OuterRef, Q, QuerySet, Subquery

from bots.models import Bot, Broadcast, BroadcastDelivery, OutboxMessage
from bots.sending.deliveries import may_go_now


def oldest_unsent(now: dt.datetime, patience: dt.timedelta) -> dt.datetime | None:
    """Since when something waits that might have gone for longer than `patience`; None where nothing does.

    A broadcast waits since something was last sent of it; one that waits for its quiet hours to end doesn't wait.
    """
    since = [_oldest_message(), *_broadcasts_that_stand(now, patience)]
    found = [moment for moment in since if moment is not None and moment < now - patience]
    return min(found, default=None)


def _oldest_message() -> dt.datetime | None:
    queued = OutboxMessage.objects.filter(bot=OuterRef("pk"), state=OutboxMessage.State.QUEUED)
    first = queued.order_by("due_at", "id").values("due_at")[:1]
    able = Bot.objects.exclude(token_index="").order_by().annotate(oldest=Subquery(first))
    oldest: dt.datetime | None = able.aggregate(value=Min("oldest"))["value"]
    return oldest


def _broadcasts_that_stand(now: dt.datetime, patience: dt.timedelta) -> list[dt.datetime | None]:
    before = now - patience
    late = Broadcast.objects.filter(state=Broadcast.State.SCHEDULED, scheduled_for__lt=before)
    stand = [
        broadcast.sampled_at or broadcast.started_at
        for broadcast in Broadcast.objects.filter(state=Broadcast.State.SENDING)
        if may_go_now(broadcast, before) and may_go_now(broadcast, now) and _ready(broadcast, before).exists()
    ]
    return [*late.values_list("scheduled_for", flat=True), *stand]


def _ready(broadcast: Broadcast, moment: dt.datetime) -> "QuerySet[BroadcastDelivery]":
    """Its deliveries to bots that work which might have gone at the moment."""
    queued = broadcast.deliveries.filter(state=BroadcastDelivery.State.QUEUED, bot__paused_at__isnull=True)
    return queued.filter(Q(due_at__isnull=True) | Q(due_at__lt=moment))
