"""Until when a bot works, by its candidate's plans."""

import datetime as dt
from dataclasses import dataclass

from constance import config
from django.db.models import Exists, Max, OuterRef, Subquery

from bots.models import Bot
from plans.models import Subscription


@dataclass(frozen=True)
class Patience:
    """How long bots go on without a plan: before the first one, and after the last one."""

    trial: dt.timedelta
    grace: dt.timedelta

    @classmethod
    def from_settings(cls) -> "Patience":
        """As the system settings say."""
        return cls(dt.timedelta(days=config.BOT_TRIAL_DAYS), dt.timedelta(days=config.PLAN_GRACE_DAYS))


@dataclass(frozen=True)
class PlanState:
    """What a bot's candidate has bought: whether a plan runs, and when the last one ended (None: there was none)."""

    has_plan: bool
    last_ended_at: dt.datetime | None


def plan_state_of(candidate_id: int) -> PlanState:
    """What a candidate has bought so far."""
    subscriptions = Subscription.objects.filter(candidate=candidate_id)
    last = subscriptions.aggregate(value=Max("ended_at"))["value"]
    return PlanState(subscriptions.filter(ended_at=None).exists(), last)


def works_until(bot: Bot, state: PlanState, patience: Patience) -> dt.datetime | None:
    """When a bot pauses, or has paused; None while a plan runs."""
    if state.has_plan:
        return None
    if state.last_ended_at is not None:
        return max(state.last_ended_at + patience.grace, bot.created_at)
    return bot.created_at + patience.trial


def bots_out_of_step(now: dt.datetime, patience: Patience) -> list[int]:
    """The bots that work or pause although it should be the other way round."""
    running = Subscription.objects.filter(candidate=OuterRef("candidate"), ended_at=None)
    ended = Subscription.objects.filter(candidate=OuterRef("candidate")).exclude(ended_at=None).order_by("-ended_at")
    bots = Bot.objects.annotate(has_plan=Exists(running), last_ended_at=Subquery(ended.values("ended_at")[:1]))
    found = []
    for bot in bots.only("pk", "created_at", "paused_at").order_by("pk"):
        until = works_until(bot, PlanState(bot.has_plan, bot.last_ended_at), patience)
        if (until is not None and until <= now) != (bot.paused_at is not None):
            found.append(bot.pk)
    return found
