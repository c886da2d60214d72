"""What every act on a broadcast goes by: who may do it, and what the candidate's plan allows."""

import datetime as dt

import jdatetime
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Candidate, User
from accounts.selectors import limit_to_scopes
from bots.models import Bot, Broadcast
from common.errors import DomainError
from common.jalali import TEHRAN, in_tehran
from plans.models import Subscription

EDIT_PERMISSION = "bots.change_broadcast"
SEND_PERMISSION = "bots.send_broadcast"
APPROVE_PERMISSION = "bots.approve_broadcast"


def lock_broadcast(broadcast_id: int, *, actor: User | None, permission: str) -> Broadcast:
    """The broadcast, locked until the transaction ends. Raises DomainError `not-allowed`, `broadcast-not-found` (also
    for one of a candidate whom the actor may not see).
    """
    refuse_unless(actor, permission)
    broadcasts = Broadcast.objects.select_for_update(of=("self",)).select_related("candidate", "bot")
    if actor:
        broadcasts = limit_to_scopes(broadcasts, actor, candidate="candidate")
    broadcast = broadcasts.filter(pk=broadcast_id).first()
    if broadcast is None:
        raise DomainError("broadcast-not-found", _("There is no such broadcast."))
    return broadcast


def refuse_unless(actor: User | None, permission: str) -> None:
    """Raises DomainError `not-allowed` for somebody without the permission; the system has all."""
    if actor and not actor.has_perm(permission):
        raise DomainError("not-allowed", _("You may not do this with broadcasts."))


def refuse_in_state(broadcast: Broadcast, *allowed: str) -> None:
    """Raises DomainError `wrong-state` unless the broadcast is in one of these states."""
    if broadcast.state not in allowed:
        label = Broadcast.State(broadcast.state).label
        raise DomainError("wrong-state", _("This can't be done with it now: it is %(state)s.") % {"state": label})


def refuse_while_paused(broadcast: Broadcast) -> None:
    """Raises DomainError `bot-paused` for a broadcast none of whose bots may send now."""
    bots = Bot.objects.filter(candidate_id=broadcast.candidate_id, paused_at=None)
    if not (bots.filter(pk=broadcast.bot_id) if broadcast.bot_id else bots).exists():
        words = _("The bot is paused, as its candidate has no running plan. Sell a plan first.")
        raise DomainError("bot-paused", words)


def refuse_beyond_plan(candidate: Candidate, *, now: dt.datetime | None = None) -> None:
    """Raises DomainError `no-plan` for a candidate without a running plan, `plan-limit` when this month's broadcasts
    are used up. The subscription stays locked, so that two at once don't take the last one both.
    """
    running = Subscription.objects.select_for_update(of=("self",)).select_related("plan")
    subscription = running.filter(candidate=candidate, ended_at__isnull=True).first()
    if subscription is None:
        raise DomainError("no-plan", _("This candidate has no running plan, so nothing can be sent."))
    allowed = subscription.plan.entitlements.get("broadcasts")
    if allowed is None:
        return
    month = first_of_month(now or timezone.now())
    used = Broadcast.objects.filter(candidate=candidate, started_at__gte=month).count()
    if used >= allowed:
        words = ngettext(
            "The plan %(plan)s allows %(count)d broadcast a month, and it is used. A larger plan allows more.",
            "The plan %(plan)s allows %(count)d broadcasts a month, and all are used. A larger plan allows more.",
            allowed,
        )
        raise DomainError("plan-limit", words % {"plan": subscription.plan.name, "count": allowed})


def first_of_month(now: dt.datetime) -> dt.datetime:
    """When the Jalali month began in Tehran."""
    day = jdatetime.date.fromgregorian(date=in_tehran(now).date()).replace(day=1).togregorian()
    return dt.datetime.combine(day, dt.time.min, tzinfo=TEHRAN)
