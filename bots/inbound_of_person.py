"""Finding a person's raw updates, whose bodies are encrypted."""

import datetime as dt
import re
from contextlib import suppress

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from bots.models import BotUser, Click, InboundUpdate, Message
from common.crypto import DecryptionError, decrypt

State = InboundUpdate.State
UPDATES_AT_ONCE = 1000
_BODY = InboundUpdate._meta.get_field("body")
# Updates of these kinds that were used have a click or a message each, which names them.
NAMED_KINDS = ("message", "callback_query")
# How long the platform may keep an update before it comes: https://core.telegram.org/bots/api#getting-updates
OLDEST_WHEN_IT_CAME = dt.timedelta(days=2)


def empty_updates_of(person: BotUser) -> int:
    """Empty the bodies of a person's handled updates; returns how many. Their numbers stay, to know them again.

    Most are found by the rows that were made of them. The rest (votes, edits, blocks, and what wasn't used) is
    decrypted and looked through for the person's number. What still waits in the inbox is dropped when it is handled.
    """
    of_bot = InboundUpdate.objects.filter(bot=person.bot_id).exclude(state=State.PENDING).exclude(body="")
    if person.created_at is not None:
        of_bot = of_bot.filter(received_at__gte=person.created_at - OLDEST_WHEN_IT_CAME)
    numbers = {
        number
        for rows in (Click.objects.filter(bot_user=person), Message.objects.filter(bot_user=person))
        for number in rows.order_by().values_list("update_id", flat=True)
    }
    count = of_bot.filter(update_id__in=numbers).update(body="", reason="")
    others = of_bot.exclude(Q(kind__in=NAMED_KINDS), Q(state=State.PROJECTED))
    return count + _empty_those_that_name(person, others)


def _empty_those_that_name(person: BotUser, updates: QuerySet[InboundUpdate]) -> int:
    number = re.compile(rf"(?<![0-9]){person.platform_user_id}(?![0-9])")
    keys: list[int] = []
    # As it is stored, so that one body that can't be decrypted doesn't end the search.
    stored = updates.order_by().annotate(stored=Cast("body", TextField())).values_list("pk", "stored")
    for key, body in stored.iterator(chunk_size=UPDATES_AT_ONCE):
        with suppress(DecryptionError):  # nobody can read such a one, so it tells nothing
            if number.search(decrypt(body, context=_BODY.context)):
                keys.append(key)
    named = InboundUpdate.objects.filter(pk__in=keys)
    named.filter(state=State.REJECTED).update(state=State.UNUSED)  # there is nothing left to try again
    return named.update(body="", reason="")
