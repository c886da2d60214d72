"""What a candidate's plan allows, and how much of it is used."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from bots.analytics.read import count_people_of
from bots.broadcast_rules import first_of_month
from bots.models import Bot, Broadcast
from plans.models import Plan, Subscription


@dataclass(frozen=True)
class Limit:
    """One entitlement: how much of it is used, of how much; `allowed` is None where the plan doesn't limit it."""

    name: str
    label: str
    used: int
    allowed: int | None

    @property
    def is_exceeded(self) -> bool:
        """Whether more is used than the plan allows."""
        return self.allowed is not None and self.used > self.allowed


def running_plan(candidate_id: int) -> Plan | None:
    """The plan that a candidate has now."""
    running = Subscription.objects.filter(candidate=candidate_id, ended_at=None).select_related("plan").first()
    return running.plan if running else None


def limits_of(candidate_id: int) -> list[Limit]:
    """What is used of the candidate's plan: people of all their bots, bots, and broadcasts of this Jalali month."""
    plan = running_plan(candidate_id)
    allowed = plan.entitlements if plan else {}
    bots = list(Bot.objects.filter(candidate=candidate_id).values_list("pk", flat=True))
    begun = Broadcast.objects.filter(candidate=candidate_id, started_at__gte=first_of_month(timezone.now()))
    return [
        Limit("people", _("People"), count_people_of(bots), allowed.get("people")),
        Limit("bots", _("Bots"), len(bots), allowed.get("bots")),
        Limit("broadcasts", _("Broadcasts this month"), begun.count(), allowed.get("broadcasts")),
    ]


def people_beyond_plan(candidate_id: int) -> Limit | None:
    """The limit of people where the candidate has more than the plan allows, else None."""
    plan = running_plan(candidate_id)
    allowed = plan.entitlements.get("people") if plan else None
    if allowed is None:
        return None
    bots = list(Bot.objects.filter(candidate=candidate_id).values_list("pk", flat=True))
    limit = Limit("people", _("People"), count_people_of(bots), allowed)
    return limit if limit.is_exceeded else None


def beyond_plan_in_words(candidate_id: int) -> str:
    """What it means that the candidate has more people than the plan allows, and what to do; empty where not."""
    limit = people_beyond_plan(candidate_id)
    if limit is None:
        return ""
    words = _(
        "The plan allows %(allowed)s people and there are %(used)s. All data are kept and everybody is answered, "
        "but a broadcast reaches %(allowed)s at most: those who came first. A larger plan reaches all."
    )
    numbers = {"allowed": limit.allowed or 0, "used": limit.used}
    return words % {name: number_format(number, force_grouping=True) for name, number in numbers.items()}
