"""What the home page shows at a glance, for one member of staff and within their scope."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import AllowedNetwork, User
from accounts.selectors import limit_to_scopes
from audit.models import AuditLog, AuditSeal
from audit.selectors import LogCondition, log_state
from bots.care.words import needing_care
from bots.models import Bot, BotUser, Contribution, InboundUpdate
from bots.partitions import troubles
from bots.selectors import oldest_waiting
from common.admin import estimated_count
from common.jalali import TEHRAN, format_local
from exports.selectors import figures
from plans.models import Plan, Stage

# Counting stops here: whoever reads "10,000+" knows enough, and a backlog of millions must not slow the home page.
COUNT_UP_TO = 10_000
State = InboundUpdate.State


@dataclass(frozen=True)
class Card:
    """One number with its label; `url` leads to the list that it counts."""

    label: str
    number: int
    url: str = ""
    is_estimate: bool = False
    is_more: bool = False
    note: str = ""
    needs_attention: bool = False


def home_cards(user: User) -> list[Card]:
    """The cards that `user` may see, each counting only what lies within their scope."""
    cards: list[Card] = []
    if user.has_perm("bots.view_inboundupdate"):
        cards += [waiting_card(user), rejected_card(user)]
        if not user.is_limited_to_scopes:
            cards += partition_cards()
    if user.has_perm("bots.view_bot"):
        cards += bots_cards(user)
    if user.has_perm("bots.view_botuser"):
        cards += [people_card(user), new_people_card(user)]
    if user.has_perm("bots.view_contribution"):
        cards.append(contributions_card(user))
    if user.has_perm("plans.view_plan"):
        cards.append(plans_card())
    if user.has_perm("exports.view_dataexportlog"):
        cards.append(exports_card(user))
    if user.has_perm("audit.view_auditlog") and not user.is_limited_to_scopes:
        cards.append(audit_card())
    if user.has_perm("accounts.change_allowednetwork") and not user.is_limited_to_scopes:
        cards += open_admin_cards()
    return cards


def waiting_card(user: User) -> Card:
    """Updates that came and aren't handled yet, and since when the oldest of them waits."""
    number, is_more = _count_some(_visible(InboundUpdate, user).filter(state=State.PENDING))
    oldest = _oldest_waiting(user) if number else None
    return Card(
        label=_("Waiting in the inbox"),
        number=number,
        is_more=is_more,
        url=_list_of(InboundUpdate, f"state__exact={State.PENDING}"),
        note=_waiting_since(oldest) if oldest else _("Everything is handled."),
    )


def rejected_card(user: User) -> Card:
    """Updates that couldn't be decoded."""
    number, is_more = _count_some(_visible(InboundUpdate, user).filter(state=State.REJECTED))
    return Card(
        label=_("Rejected updates"),
        number=number,
        is_more=is_more,
        url=_list_of(InboundUpdate, f"state__exact={State.REJECTED}"),
        needs_attention=number > 0,
    )


def bots_cards(user: User) -> list[Card]:
    """Bots that are paused or have trouble, and nothing to see while all is well."""
    number = needing_care(limit_to_scopes(Bot.objects.all(), user, candidate="candidate")).count()
    if not number:
        return []
    url = _list_of(Bot, "state=care")
    return [Card(label=_("Bots that need care"), number=number, url=url, needs_attention=True)]


def partition_cards() -> list[Card]:
    """What is wrong with the parts that the inbox and the messages are kept in, and nothing to see when all is well."""
    found = troubles()
    if not found:
        return []
    url, note = reverse("bots-staff:inbox"), " ".join(map(str, found))
    return [Card(label=_("Partitions"), number=len(found), url=url, note=note, needs_attention=True)]


def people_card(user: User) -> Card:
    """Everyone who ever wrote to a bot."""
    number, is_estimate = estimated_count(_visible(BotUser, user))
    return Card(label=_("People"), number=number, is_estimate=is_estimate, url=_list_of(BotUser))


def new_people_card(user: User) -> Card:
    """Who wrote for the first time today, in Tehran."""
    now = timezone.now().astimezone(TEHRAN)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    number = _visible(BotUser, user).filter(first_seen_at__gte=midnight).count()
    today = now.date().isoformat()
    url = _list_of(BotUser, f"first_seen_at__from={today}&first_seen_at__to={today}")
    return Card(label=_("New people today"), number=number, url=url)


def contributions_card(user: User) -> Card:
    """Ideas, complaints and the like."""
    number, is_estimate = estimated_count(_visible(Contribution, user))
    return Card(label=_("Contributions"), number=number, is_estimate=is_estimate, url=_list_of(Contribution))


def plans_card() -> Card:
    """The plans that anybody can buy now, and what goes on sale next; it leads to the release manager."""
    upcoming = Plan.objects.filter(stage=Stage.SCHEDULED).order_by("release_scheduled_at").first()
    note = ""
    if upcoming:
        note = _("Next: %(plan)s, %(time)s") % {
            "plan": upcoming.name,
            "time": format_local(upcoming.release_scheduled_at),
        }
    number = Plan.objects.filter(stage=Stage.AVAILABLE).count()
    return Card(label=_("Plans on sale"), number=number, url=reverse("plans:release-manager"), note=note)


def exports_card(user: User) -> Card:
    """Files that can be downloaded, and what of exports waits for somebody; it leads to their dashboard."""
    found = figures(user)
    under_way = found.queued + found.running
    sentences = [
        (ngettext("%d is being made.", "%d are being made.", under_way), under_way),
        (ngettext("%d waits for approval.", "%d wait for approval.", found.awaiting), found.awaiting),
        (ngettext("%d has failed.", "%d have failed.", found.failed), found.failed),
    ]
    return Card(
        label=_("Exports ready"),
        number=found.ready,
        url=reverse("exports:dashboard"),
        note=" ".join(sentence % number for sentence, number in sentences if number),
        needs_attention=bool(found.awaiting or found.failed),
    )


def audit_card() -> Card:
    """Rows of the audit log that no seal covers yet; there are some for a minute at most while sealing works."""
    state = log_state()
    sealed = AuditSeal.objects.order_by("number").values_list("last_row_id", flat=True).last()
    number, is_more = _count_some(AuditLog.objects.filter(id__gt=sealed) if sealed else AuditLog.objects.all())
    note = _("Last sealed: %s") % format_local(state.last_sealed_at) if state.last_sealed_at else _("Never sealed.")
    return Card(
        label=_("Audit entries not sealed yet"),
        number=number,
        is_more=is_more,
        note=note,
        url=_list_of(AuditSeal),
        needs_attention=state.condition is not LogCondition.SEALED,
    )


def open_admin_cards() -> list[Card]:
    """A warning while no network is listed, and nothing to see once one is."""
    if AllowedNetwork.objects.exists():
        return []
    note = _("The admin can be reached from every address in the world.")
    url = _list_of(AllowedNetwork)
    return [Card(label=_("Allowed networks"), number=0, url=url, note=note, needs_attention=True)]


def _visible(model: type[Model], user: User) -> QuerySet[Any]:
    return limit_to_scopes(model._default_manager.all().order_by(), user, candidate="bot__candidate")


def _count_some(rows: QuerySet[Any]) -> tuple[int, bool]:
    number = rows[: COUNT_UP_TO + 1].count()
    return min(number, COUNT_UP_TO), number > COUNT_UP_TO


def _oldest_waiting(user: User) -> dt.datetime | None:
    return oldest_waiting(limit_to_scopes(Bot.objects.all(), user, candidate="candidate"))


def _waiting_since(oldest: dt.datetime) -> str:
    seconds = max(0, int((timezone.now() - oldest).total_seconds()))
    minutes, hours = seconds // 60, seconds // 3600
    if minutes < 2:
        return ngettext("The oldest for %d second.", "The oldest for %d seconds.", seconds) % seconds
    if hours < 2:
        return ngettext("The oldest for %d minute.", "The oldest for %d minutes.", minutes) % minutes
    return ngettext("The oldest for %d hour.", "The oldest for %d hours.", hours) % hours


def _list_of(model: type[Model], query: str = "") -> str:
    """The address of the model's list, empty where the admin has none."""
    try:
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    except NoReverseMatch:
        return ""
    return f"{address}?{query}" if query else address
