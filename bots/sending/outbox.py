"""The rows of the outbox, as the sender takes them up and puts down what became of them.

Only who holds a bot's lock does that (see `locks`), so no two take the same row. What a person is told keeps its order:
while one message to them is on its way, the next one waits.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from bots.models import Bot, BotUser, OutboxMessage, Poll
from bots.sending.line import Call
from bots.sending.outcome import NO_ANSWER, Fate, Outcome
from bots.services.polls import note_sent_copy

State = OutboxMessage.State
LOOKED_AT = 500  # at most so many of the oldest that wait, when it is asked whose turn it is
RETRY_SECONDS = 5
TOO_LATE = "too late"
# https://core.telegram.org/bots/api#editmessagetext: the person sees already what they shall see.
NOT_MODIFIED = "message is not modified"
EDIT, ACKNOWLEDGE = "editMessageText", "answerCallbackQuery"


@dataclass(frozen=True)
class ClaimedMessage:
    """A message of the outbox that was taken up. `chat_id` is None for a call that shows nothing in a chat."""

    key: int
    bot_user_id: int
    chat_id: int | None
    call: Call
    of_poll: int | None


@dataclass(frozen=True)
class SettledMessage:
    """What became of a message of the outbox."""

    claimed: ClaimedMessage
    outcome: Outcome


def bots_with_messages(now: dt.datetime) -> set[int]:
    """The bots that have something to say now, or left something on its way."""
    waiting = OutboxMessage.objects.filter(bot=OuterRef("pk"), state=State.QUEUED, due_at__lte=now)
    able = Bot.objects.exclude(token_index="").filter(Exists(waiting))
    on_their_way = OutboxMessage.objects.filter(state=State.SENDING).order_by()
    return {*able.order_by().values_list("pk", flat=True), *on_their_way.values_list("bot_id", flat=True)}


@transaction.atomic
def claim_messages(bot: Bot, count: int, now: dt.datetime, *, latest_seconds: int) -> list[ClaimedMessage]:
    """Take up about `count` messages, one to each person at most; committed before they are sent.

    What answers a press shows no message, so it goes together with the one after it. Replies that have waited longer
    than `latest_seconds` have failed: nobody wants them any more.
    """
    mine = OutboxMessage.objects.filter(bot=bot, state=State.QUEUED)
    busy = OutboxMessage.objects.filter(bot=bot, state=State.SENDING).values("bot_user_id")
    too_old = now - dt.timedelta(seconds=latest_seconds)
    taken: list[int] = []
    stale: list[int] = []
    served: set[int] = set()
    looked_at = mine.filter(due_at__lte=now).exclude(bot_user_id__in=busy).order_by("due_at", "pk")[:LOOKED_AT]
    names = ("pk", "bot_user_id", "kind", "created_at", "payload__method")
    for key, person, kind, created_at, method in looked_at.values_list(*names):
        if kind == OutboxMessage.Kind.REPLY and created_at < too_old:
            stale.append(key)
        elif len(taken) < count and person not in served:
            taken.append(key)
            if method != ACKNOWLEDGE:
                served.add(person)
    if stale:
        mine.filter(pk__in=stale).update(state=State.FAILED, reason=TOO_LATE)
    if not taken:
        return []
    mine.filter(pk__in=taken).update(state=State.SENDING)
    rows = OutboxMessage.objects.filter(pk__in=taken, state=State.SENDING).order_by("pk")
    return [_claimed(*row) for row in rows.values_list("pk", "bot_user_id", "payload")]


def _claimed(key: int, bot_user_id: int, payload: dict[str, Any]) -> ClaimedMessage:
    arguments = dict(payload)
    method, of_poll, chat_id = arguments.pop("method"), arguments.pop("of_poll", None), arguments.pop("chat_id", None)
    return ClaimedMessage(key, bot_user_id, chat_id, Call(method, arguments), of_poll)


def settle_messages(finished: Iterable[SettledMessage], now: dt.datetime) -> None:
    """Put down what became of messages. One that an earlier sender left behind is uncertain already and stays so."""
    for settled in finished:
        with transaction.atomic():
            on_its_way = OutboxMessage.objects.filter(pk=settled.claimed.key, state=State.SENDING)
            on_its_way.update(**_change(settled, now))
            if settled.outcome.fate is Fate.BLOCKED:
                BotUser.objects.filter(pk=settled.claimed.bot_user_id).update(is_blocked=True)
            if settled.claimed.of_poll is not None and settled.outcome.poll_id:
                poll = Poll.objects.get(pk=settled.claimed.of_poll)
                note_sent_copy(poll=poll, platform_poll_id=settled.outcome.poll_id)


def _change(settled: SettledMessage, now: dt.datetime) -> dict[str, Any]:
    outcome, call = settled.outcome, settled.claimed.call
    if outcome.fate is Fate.SENT or NOT_MODIFIED in outcome.reason:
        return {"state": State.SENT, "sent_at": now}
    if outcome.fate is Fate.RETRY:
        return {"state": State.QUEUED, "due_at": now + dt.timedelta(seconds=RETRY_SECONDS)}
    if outcome.fate is Fate.FAILED and call.method == EDIT:  # the message is gone: say it in a new one
        arguments = {name: value for name, value in call.arguments.items() if name != "message_id"}
        payload = {"method": "sendMessage", "chat_id": settled.claimed.chat_id, **arguments}
        return {"state": State.QUEUED, "payload": payload, "due_at": now}
    state = State.FAILED if outcome.fate is Fate.HALT else State(outcome.fate.value)
    return {"state": state, "reason": outcome.reason}


def take_over_messages(bot_id: int) -> int:
    """Make uncertain what a sender that is no more left on its way; gives how many. Only for who holds the lock."""
    left = OutboxMessage.objects.filter(bot=bot_id, state=State.SENDING)
    return left.update(state=State.UNCERTAIN, reason=NO_ANSWER)
