"""Writing broadcasts, asking for their approval, and giving it."""

import asyncio
import datetime as dt
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from constance import config
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Candidate, User
from accounts.selectors import candidates_visible_to
from audit.services import record
from bots.audience import audience_of, bots_of
from bots.broadcast_rules import (
    APPROVE_PERMISSION,
    EDIT_PERMISSION,
    SEND_PERMISSION,
    lock_broadcast,
    refuse_beyond_plan,
    refuse_in_state,
    refuse_unless,
)
from bots.conversation.filling import utf16_length
from bots.models import Bot, BotUser, Broadcast, BroadcastApproval, BroadcastPicture
from bots.models.broadcast import LONGEST_CAPTION, LONGEST_TEXT
from bots.sending.content import call_of
from bots.sending.line import Call, Line
from bots.sending.outcome import Fate, Outcome
from common.errors import DomainError
from common.validation import refuse_invalid

State = Broadcast.State
TEST_SECONDS = 8.0  # somebody waits before the page


@dataclass(frozen=True)
class Picture:
    content: bytes
    content_type: str


@dataclass(frozen=True)
class BroadcastContent:
    """What a broadcast says, to whom, and when it may go out. `picture` None leaves the one that is there."""

    candidate: Candidate
    title: str
    text: str
    bot: Bot | None = None
    buttons: list[dict[str, str]] = field(default_factory=list)
    filters: dict[str, Any] = field(default_factory=dict)
    deadline: dt.datetime | None = None
    quiet_from: dt.time | None = None
    quiet_until: dt.time | None = None
    picture: Picture | None = None
    drops_picture: bool = False


@transaction.atomic
def create_broadcast(*, content: BroadcastContent, actor: User | None) -> Broadcast:
    """A new draft. Raises DomainError `not-allowed`, `broadcast-invalid`."""
    refuse_unless(actor, EDIT_PERMISSION)
    broadcast = Broadcast(author=actor)
    _write(broadcast, content, actor)
    record(action="bots.broadcast.add", actor=actor, target=broadcast, details={"title": broadcast.title})
    return broadcast


@transaction.atomic
def edit_broadcast(*, broadcast_id: int, content: BroadcastContent, actor: User | None) -> Broadcast:
    """Write a broadcast anew of which nothing has gone out. It is a draft again, and its approval is void.

    The last editor counts as its author. Raises DomainError `not-allowed`, `broadcast-not-found`, `wrong-state`,
    `broadcast-invalid`.
    """
    broadcast = lock_broadcast(broadcast_id, actor=actor, permission=EDIT_PERMISSION)
    refuse_in_state(broadcast, State.DRAFT, State.AWAITING, State.SCHEDULED)
    broadcast.author, broadcast.state, broadcast.state_reason = actor, State.DRAFT, ""
    _write(broadcast, content, actor)
    record(action="bots.broadcast.change", actor=actor, target=broadcast, details={"title": broadcast.title})
    return broadcast


@transaction.atomic
def submit_broadcast(*, broadcast_id: int, scheduled_for: dt.datetime | None = None, actor: User | None) -> Broadcast:
    """Have a draft sent at a time, or as soon as possible; first by a second person's leave where so many would get it.

    Raises DomainError `not-allowed`, `broadcast-not-found`, `wrong-state`, `no-audience`, `deadline-passed`, `no-plan`,
    `plan-limit`.
    """
    broadcast = lock_broadcast(broadcast_id, actor=actor, permission=SEND_PERMISSION)
    refuse_in_state(broadcast, State.DRAFT)
    broadcast.scheduled_for = scheduled_for or timezone.now()
    if broadcast.deadline and broadcast.deadline <= broadcast.scheduled_for:
        raise DomainError("deadline-passed", _("It would go out after its own deadline."))
    refuse_beyond_plan(broadcast.candidate)
    people = audience_of(broadcast).count()
    if not people:
        raise DomainError("no-audience", _("Nobody would get it. Look at the audience and at the bot's token."))
    broadcast.state = State.AWAITING if needs_approval(people) else State.SCHEDULED
    broadcast.state_reason = ""
    broadcast.save()
    details = {"people": people, "scheduled_for": broadcast.scheduled_for, "state": broadcast.state}
    record(action="bots.broadcast.submit", actor=actor, target=broadcast, details=details)
    return broadcast


def needs_approval(people: int) -> bool:
    """Whether a second person must agree before so many people get a message."""
    return bool(people > config.BROADCAST_APPROVAL_PEOPLE)


def is_approved(broadcast: Broadcast) -> bool:
    """Whether a second person has agreed to the broadcast as it is now."""
    approvals = BroadcastApproval.objects.filter(broadcast=broadcast, content_hash=broadcast.content_hash())
    return approvals.exclude(approved_by=broadcast.author).exists()


@transaction.atomic
def approve_broadcast(*, broadcast_id: int, seen_hash: str, actor: User) -> Broadcast:
    """Agree to a broadcast as `actor` saw it, which `seen_hash` says; it goes out at its time.

    Raises DomainError `not-allowed`, `broadcast-not-found`, `wrong-state`, `own-work`, `changed-since`.
    """
    broadcast = lock_broadcast(broadcast_id, actor=actor, permission=APPROVE_PERMISSION)
    if seen_hash != broadcast.content_hash():
        raise DomainError("changed-since", _("This was changed since you saw it. Look at it again."))
    refuse_in_state(broadcast, State.AWAITING)
    if broadcast.author_id == actor.pk:
        raise DomainError("own-work", _("You wrote this broadcast. Somebody else must approve it."))
    BroadcastApproval.objects.create(broadcast=broadcast, content_hash=seen_hash, approved_by=actor)
    broadcast.state, broadcast.state_reason = State.SCHEDULED, ""
    broadcast.save(update_fields=["state", "state_reason"])
    record(action="bots.broadcast.approved", actor=actor, target=broadcast, details={"content_hash": seen_hash})
    return broadcast


@transaction.atomic
def withdraw_broadcast(*, broadcast_id: int, actor: User | None) -> Broadcast:
    """Make a broadcast a draft again of which nothing has gone out.

    Raises DomainError `not-allowed`, `broadcast-not-found`, `wrong-state`.
    """
    broadcast = lock_broadcast(broadcast_id, actor=actor, permission=EDIT_PERMISSION)
    refuse_in_state(broadcast, State.AWAITING, State.SCHEDULED)
    broadcast.state, broadcast.scheduled_for = State.DRAFT, None
    broadcast.save(update_fields=["state", "scheduled_for"])
    record(action="bots.broadcast.withdrawn", actor=actor, target=broadcast)
    return broadcast


@transaction.atomic
def send_test(*, broadcast_id: int, platform_user_id: int, actor: User | None) -> Outcome:
    """Send a broadcast to one person of its bots only, such as oneself; it counts nowhere.

    Raises DomainError `not-allowed`, `broadcast-not-found`, `person-not-found`, and `test-failed` with the platform's
    words.
    """
    broadcast = lock_broadcast(broadcast_id, actor=actor, permission=EDIT_PERMISSION)
    people = BotUser.objects.filter(bot__in=bots_of(broadcast), platform_user_id=platform_user_id)
    person = people.select_related("bot").first()
    if person is None:
        raise DomainError("person-not-found", _("No person of this bot has that number. Start the bot once yourself."))
    record(action="bots.broadcast.test", actor=actor, target=broadcast, details={"person": person.pk})
    with ThreadPoolExecutor(1) as thread:
        outcome = thread.submit(asyncio.run, _send_once(person.bot, call_of(broadcast), platform_user_id)).result()
    if outcome.fate is not Fate.SENT:
        raise DomainError("test-failed", _("It was not sent: %(reason)s") % {"reason": outcome.reason})
    return outcome


async def _send_once(bot: Bot, call: Call, chat_id: int) -> Outcome:
    async with Line(bot, answer_seconds=TEST_SECONDS) as line:
        return await line.send(call, chat_id)


def _write(broadcast: Broadcast, content: BroadcastContent, actor: User | None) -> None:
    if actor and not candidates_visible_to(actor).filter(pk=content.candidate.pk).exists():
        raise DomainError("not-allowed", _("You may not do this with broadcasts."))
    if content.bot and content.bot.candidate_id != content.candidate.pk:
        raise DomainError("broadcast-invalid", _("This bot belongs to another candidate."))
    for name in ("candidate", "title", "text", "bot", "buttons", "filters", "deadline", "quiet_from", "quiet_until"):
        setattr(broadcast, name, getattr(content, name))
    old_picture = getattr(broadcast, "picture", None)
    has_picture = content.picture or (old_picture and not content.drops_picture)
    if utf16_length(broadcast.text) > LONGEST_TEXT:
        words = _("This text is longer than %(count)d characters; an emoji counts as two.")
        raise DomainError("broadcast-invalid", words % {"count": LONGEST_TEXT})
    if has_picture and utf16_length(broadcast.text) > LONGEST_CAPTION:
        words = ngettext(
            "Below a picture there is room for %(count)d character.",
            "Below a picture there is room for %(count)d characters.",
            LONGEST_CAPTION,
        )
        raise DomainError("broadcast-invalid", words % {"count": LONGEST_CAPTION})
    refuse_invalid(broadcast, code="broadcast-invalid")
    broadcast.save()
    if old_picture and (content.picture or content.drops_picture):
        old_picture.delete()
    if content.picture:
        broadcast.picture = BroadcastPicture.objects.create(
            broadcast=broadcast,
            content=content.picture.content,
            content_type=content.picture.content_type,
            sha256=hashlib.sha256(content.picture.content).hexdigest(),
        )
