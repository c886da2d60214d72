"""Whom a broadcast goes to."""

import datetime as dt
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from bots.care.limits import people_beyond_plan
from bots.models import Bot, BotUser, Broadcast, Contribution, PollAnswer
from common.jalali import TEHRAN


def audience_of(broadcast: Broadcast) -> QuerySet[BotUser]:
    """The people whom a broadcast would reach now.

    Never those who have blocked the bot or want no more messages, nor those of a bot without a token. Where the
    candidate has more people than the plan allows, at most as many as it allows: those who came first.
    """
    people = BotUser.objects.filter(
        bot__in=bots_of(broadcast).values("pk"), is_blocked=False, stopped_at__isnull=True
    ).order_by()
    people = _narrow(people, broadcast.filters)
    beyond = people_beyond_plan(broadcast.candidate_id)
    return people.order_by("pk")[: beyond.allowed] if beyond else people


def bots_of(broadcast: Broadcast) -> QuerySet[Bot]:
    """The bots that send a broadcast: those of its candidate that have a token, or one of them."""
    bots = Bot.objects.filter(candidate_id=broadcast.candidate_id).exclude(token_index="")
    return bots.filter(pk=broadcast.bot_id) if broadcast.bot_id else bots


def _narrow(people: QuerySet[BotUser], filters: dict[str, Any]) -> QuerySet[BotUser]:
    for field, name in (("city", "cities"), ("source", "sources"), ("language_code", "languages")):
        if filters.get(name):
            people = people.filter(**{f"{field}__in": filters[name]})
    if filters.get("active_since"):
        day = dt.date.fromisoformat(filters["active_since"])
        people = people.filter(last_seen_at__gte=dt.datetime.combine(day, dt.time.min, tzinfo=TEHRAN))
    if filters.get("has_voted") is not None:
        votes = PollAnswer.objects.filter(bot_user=OuterRef("pk")).exclude(option_positions=[])
        people = people.filter(Exists(votes) if filters["has_voted"] else ~Exists(votes))
    if filters.get("has_contributed") is not None:
        contributions = Contribution.objects.filter(bot_user=OuterRef("pk"))
        people = people.filter(Exists(contributions) if filters["has_contributed"] else ~Exists(contributions))
    return people
