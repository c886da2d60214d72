"""Taking updates in, whatever way they come."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from audit.services import record
from bots.models import Bot, InboundUpdate
from bots.projection.decode import read_update_id
from common.crypto import encrypt

_BODY = InboundUpdate._meta.get_field("body")
# Unlike the intake's, this one looks into all days that are kept: a file may be replayed weeks later.
_INSERT = """
    INSERT INTO bots_inboundupdate (bot_id, source, state, received_at, kind, reason, update_id, body)
    SELECT %s, %s, %s, %s, '', '', came.update_id, came.body
    FROM unnest(%s::bigint[], %s::text[]) WITH ORDINALITY AS came (update_id, body, position)
    WHERE (
        SELECT true FROM bots_inboundupdate AS known
        WHERE known.bot_id = %s AND known.update_id = came.update_id
        LIMIT 1
    ) IS NULL
    ORDER BY came.position
    ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True)
class Stored:
    """How many updates were new and how many the inbox had already."""

    new: int
    known: int


def store_updates(*, bot: Bot, bodies: Sequence[bytes], source: InboundUpdate.Source) -> Stored:
    """Put updates into the inbox as they came, in one transaction; an update that it has already is left alone.

    When this returns outside a transaction, they are committed. Raises NotJson, and stores nothing, when a body
    isn't JSON.
    """
    numbers = [read_update_id(body) for body in bodies]
    sealed = [encrypt(body.decode(), context=_BODY.context) for body in bodies]
    with connection.cursor() as cursor:
        # One statement for one round trip: outside a transaction it is its own, committed when it returns.
        values: list[Any] = [bot.pk, source, InboundUpdate.State.PENDING, timezone.now(), numbers, sealed, bot.pk]
        cursor.execute(_INSERT, values)
        new = cursor.rowcount
    return Stored(new=new, known=len(bodies) - new)


def retry_updates(*, updates: Sequence[int], actor: User | None) -> int:
    """Let rejected updates, given by their primary keys, be tried again; returns how many were.

    Updates that are not rejected are left alone.
    """
    with transaction.atomic():
        rejected = InboundUpdate.objects.filter(pk__in=updates, state=InboundUpdate.State.REJECTED)
        count = rejected.update(state=InboundUpdate.State.PENDING, reason="", projected_at=None)
        record(action="bots.inbound_update.retry", actor=actor, details={"count": count, "ids": list(updates)[:100]})
    return count
