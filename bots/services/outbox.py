"""Keeping the outbox: told when it stands still, and emptied of what was said long ago."""

import datetime as dt

from constance import config
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.alarms import raise_alarm
from audit.services import record
from bots.models import OutboxMessage
from bots.sending.waiting import oldest_unsent

CHUNK_ROWS = 10_000
UNDER_WAY = (OutboxMessage.State.QUEUED, OutboxMessage.State.SENDING)


def watch_sending() -> bool:
    """Raise the alarm `sending-stands` when messages to people don't go out; returns whether."""
    now, patience = timezone.now(), dt.timedelta(seconds=config.SENDING_ALARM_SECONDS)
    since = oldest_unsent(now, patience)
    if since is None:
        return False
    waits = _("Messages to people don't go out; the oldest has waited for %(seconds)d seconds.")
    raise_alarm(
        "sending-stands",
        waits % {"seconds": int((now - since).total_seconds())},
        _("See that manage.py send_broadcasts runs, and that it reaches the database and the platforms."),
    )
    return True


def forget_old_replies(*, actor: User | None = None) -> int:
    """Delete what bots replied longer ago than the system settings keep; gives how many.

    Replies repeat what was stored about a person (`/mydata`). Answers of staff belong to their contributions and stay.
    """
    before = timezone.now() - dt.timedelta(days=config.REPLY_KEEP_DAYS)
    forgotten = last = 0
    while chunk := _next_chunk(last, before):
        with transaction.atomic():
            old = OutboxMessage.objects.filter(pk__in=chunk, kind=OutboxMessage.Kind.REPLY)
            count, _by_model = old.exclude(state__in=UNDER_WAY).delete()
            if count:
                record(action="bots.outbox.forget", actor=actor, details={"count": count, "before": before.isoformat()})
        forgotten, last = forgotten + count, chunk[-1]
    return forgotten


def _next_chunk(after: int, before: dt.datetime) -> list[int]:
    """The numbers of the next messages that are older; they were written in their numbers' order."""
    rows = OutboxMessage.objects.filter(pk__gt=after).order_by("pk").values_list("pk", "created_at")[:CHUNK_ROWS]
    return [key for key, created_at in rows if created_at < before]
