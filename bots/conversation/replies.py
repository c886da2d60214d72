"""The answers to a batch of one bot's updates, written to the outbox in the projection's own transaction.

So an update and its answers stand or fall together, and each answer has one cause: the bot, the update, its place.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from constance import config
from django.db import connection
from django.utils import timezone

from bots.conversation.book import Book
from bots.conversation.filling import cut
from bots.conversation.my_data import in_digits, my_data
from bots.conversation.talk import MY_DATA, Answer, Setting, Talk
from bots.models import Bot, BotUser, Poll
from bots.projection.interpret import Facts
from bots.projection.people import PersonState

# Whoever sends more at once can't read more answers, and others wait behind them.
MOST_ANSWERS_TO_ONE = 5
POLLS_SHOWN = 8
# One document rather than arrays, in which psycopg would escape each of the many quotes by itself: five times as fast.
_INSERT = """
    INSERT INTO bots_outboxmessage (bot_id, bot_user_id, kind, payload, state, cause, created_at, due_at, reason)
    SELECT %s, said.person, 'reply', said.payload, 'queued', said.cause, %s, %s, ''
    FROM jsonb_to_recordset(%s::jsonb) AS said (place int, person bigint, cause text, payload jsonb)
    ORDER BY said.place
    ON CONFLICT (cause) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class _Planned:
    person: PersonState
    update_id: int | None
    position: int
    answer: Answer


class Replies:
    """Collects answers while people's states change, and writes them once everybody has a row."""

    def __init__(self, bot_id: int) -> None:
        self._bot_id = bot_id
        self._now = timezone.now()
        self._setting: Setting | None = None
        self._latest = dt.timedelta()
        self._is_looked_up = False
        self._planned: list[_Planned] = []
        self._told: Counter[int] = Counter()

    def add(self, fact: Facts, state: PersonState, contribution_kind: str) -> None:
        """Decide what is answered to an update; nothing to what came from a file or too long ago."""
        if not fact.may_be_answered or (fact.message is None and fact.press is None):
            return
        setting = self._look_up()
        if setting is None or self._now - fact.occurred_at > self._latest:
            return
        for position, answer in enumerate(Talk(fact, state, setting).decide(contribution_kind)):
            if answer.method != "answerCallbackQuery":
                self._told[state.platform_user_id] += 1
                if self._told[state.platform_user_id] > MOST_ANSWERS_TO_ONE:
                    continue
            self._planned.append(_Planned(state, fact.update_id, position, answer))

    def save(self, contributions: Mapping[int | None, int]) -> None:
        """Write what was decided, once each person has a row; `contributions` are their numbers by the update that
        brought them."""
        if not self._planned:
            return
        said = [
            {
                "place": place,
                "person": planned.person.row_id,
                "cause": f"reply:{self._bot_id}:{planned.update_id}:{planned.position}",
                "payload": self._payload(planned, contributions),
            }
            for place, planned in enumerate(self._planned)
        ]
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, [self._bot_id, self._now, self._now, msgspec.json.encode(said).decode()])

    def _look_up(self) -> Setting | None:
        """Where the conversation takes place; None for a bot that can't speak for want of a token."""
        if not self._is_looked_up:
            self._is_looked_up = True
            bot = Bot.objects.exclude(token_index="").filter(pk=self._bot_id)
            found = bot.values_list("candidate_id", "candidate__name", "paused_at").first()
            if found is not None:
                candidate_id, candidate_name, paused_at = found
                self._latest = dt.timedelta(seconds=config.REPLY_LATEST_SECONDS)
                self._setting = Setting(
                    book=Book(candidate_id, candidate_name),
                    now=self._now,
                    is_paused=paused_at is not None,
                    open_polls=cache(self._open_polls),
                )
        return self._setting

    def _open_polls(self) -> list[Poll]:
        polls = Poll.objects.filter(bot=self._bot_id, platform_poll_id=None, opened_at__isnull=False, is_closed=False)
        return list(polls.order_by("-opened_at").prefetch_related("options")[:POLLS_SHOWN])

    def _payload(self, planned: _Planned, contributions: Mapping[int | None, int]) -> dict[str, Any]:
        answer = planned.answer
        payload: dict[str, Any] = {"method": answer.method, **answer.arguments}
        if answer.method != "answerCallbackQuery":
            payload["chat_id"] = planned.person.platform_user_id
        if answer.of_poll is not None:
            payload["of_poll"] = answer.of_poll
        if answer.key == MY_DATA:
            payload["text"] = cut(my_data(BotUser.objects.get(pk=planned.person.row_id), answer.language))
        elif answer.key and self._setting is not None:
            values = dict(answer.values)
            if answer.of_contribution:
                values["number"] = in_digits(contributions[planned.update_id], answer.language)
            payload["text"] = self._setting.book.say(answer.key, answer.language, values)
        return payload
