"""What staff do with contributions: see, assign, answer, close, reopen."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import limit_to_scopes
from audit.services import record
from bots.conversation.filling import LONGEST_MESSAGE, utf16_length
from bots.models import Contribution, ContributionAnswer, OutboxMessage
from common.errors import DomainError

ANSWER_PERMISSION = "bots.answer_contribution"
ASSIGN_PERMISSION = "bots.assign_contribution"
MOST_TOLD = 100
State = Contribution.State


def mark_seen(*, contribution_id: int, actor: User) -> None:
    """Note that somebody who may answer has opened a new contribution; any other is left as it is."""
    with transaction.atomic():
        new = Contribution.objects.filter(pk=contribution_id, state=State.NEW)
        if new.update(state=State.SEEN):
            record(action="bots.contribution.seen", actor=actor, target=Contribution.objects.get(pk=contribution_id))


def assign_contributions(
    *, contributions: QuerySet[Contribution] | Sequence[int], assignee: User | None, actor: User
) -> int:
    """Make `assignee` the one who looks after contributions, or nobody; returns how many changed hands.

    Raises DomainError `assignee-may-not` unless the assignee may answer and see all of these contributions.
    """
    with transaction.atomic():
        chosen = _locked(contributions)
        if assignee is not None:
            _refuse_assignee(assignee, chosen)
        moved = [row.pk for row in chosen if row.assigned_to_id != (assignee.pk if assignee else None)]
        Contribution.objects.filter(pk__in=moved).update(assigned_to=assignee)
        for_whom = {"assigned_to": assignee.get_username() if assignee else ""}
        if moved:
            record(action="bots.contribution.assign", actor=actor, **_about(moved, for_whom))
    return len(moved)


def answer_contribution(*, contribution_id: int, text: str, actor: User) -> ContributionAnswer:
    """Answer a contribution: the answer, the message that takes it to the citizen and the state stand together.

    Raises DomainError `contribution-closed`, `person-unreachable` when they have blocked the bot or want no more
    messages, `answer-too-long` and `answer-empty`.
    """
    text = text.strip()
    _refuse_text(text)
    with transaction.atomic():
        contribution = (
            Contribution.objects.select_for_update(of=["self"])
            .select_related("bot_user", "message")
            .defer("bot_user__phone")
            .get(pk=contribution_id)
        )
        _refuse_unanswerable(contribution)
        number = ContributionAnswer.objects.filter(contribution=contribution).count() + 1
        delivery = OutboxMessage.objects.create(
            bot_id=contribution.bot_id,
            bot_user_id=contribution.bot_user_id,
            kind=OutboxMessage.Kind.ANSWER,
            cause=f"contribution-answer:{contribution.pk}:{number}",
            payload=_send_message(contribution, text),
        )
        answer = ContributionAnswer.objects.create(
            contribution=contribution, text=text, author=actor, delivery=delivery
        )
        Contribution.objects.filter(pk=contribution.pk).update(state=State.ANSWERED)
        record(action="bots.contribution.answer", actor=actor, target=contribution, details={"outgoing": delivery.pk})
    return answer


def close_contributions(*, contributions: QuerySet[Contribution] | Sequence[int], actor: User) -> int:
    """Close contributions that need nothing more; returns how many were open."""
    with transaction.atomic():
        open_ones = [row.pk for row in _locked(contributions) if row.state != State.CLOSED]
        Contribution.objects.filter(pk__in=open_ones).update(state=State.CLOSED)
        if open_ones:
            record(action="bots.contribution.close", actor=actor, **_about(open_ones, {}))
    return len(open_ones)


def reopen_contribution(*, contribution_id: int, actor: User) -> None:
    """Open a closed contribution again: as answered where it had an answer, else as seen.

    Raises DomainError `contribution-open` when it isn't closed.
    """
    with transaction.atomic():
        contribution = Contribution.objects.select_for_update().get(pk=contribution_id)
        if contribution.state != State.CLOSED:
            raise DomainError("contribution-open", _("This contribution is not closed."))
        state = State.ANSWERED if contribution.answers.exists() else State.SEEN
        Contribution.objects.filter(pk=contribution.pk).update(state=state)
        record(action="bots.contribution.reopen", actor=actor, target=contribution)


def _locked(contributions: QuerySet[Contribution] | Sequence[int]) -> list[Contribution]:
    keys: Any = contributions.values("pk") if isinstance(contributions, QuerySet) else contributions
    rows = Contribution.objects.filter(pk__in=keys).order_by("pk").select_for_update()
    return list(rows.only("pk", "state", "assigned_to"))


def _refuse_assignee(assignee: User, chosen: Sequence[Contribution]) -> None:
    keys = [row.pk for row in chosen]
    visible = limit_to_scopes(Contribution.objects.filter(pk__in=keys), assignee, candidate="bot__candidate")
    if not (assignee.is_active and assignee.has_perm(ANSWER_PERMISSION)) or visible.count() != len(keys):
        words = _("%(name)s may not answer all of these contributions.") % {"name": assignee}
        raise DomainError("assignee-may-not", words)


def _refuse_text(text: str) -> None:
    if not text:
        raise DomainError("answer-empty", _("Write an answer."))
    if utf16_length(text) > LONGEST_MESSAGE:
        words = _("An answer can have at most %(count)d characters.") % {"count": LONGEST_MESSAGE}
        raise DomainError("answer-too-long", words)


def _refuse_unanswerable(contribution: Contribution) -> None:
    if contribution.state == State.CLOSED:
        raise DomainError("contribution-closed", _("This contribution is closed. Reopen it to answer."))
    if contribution.bot_user.is_blocked:
        raise DomainError("person-unreachable", _("This person has blocked the bot, so no answer can reach them."))
    if contribution.bot_user.stopped_at is not None:
        raise DomainError("person-unreachable", _("This person wants no more messages from the bot."))


def _send_message(contribution: Contribution, text: str) -> dict[str, Any]:
    call: dict[str, Any] = {
        "method": "sendMessage",
        "chat_id": contribution.bot_user.platform_user_id,
        "text": text,
    }
    if contribution.message.message_id is not None:
        quoted = {"message_id": contribution.message.message_id, "allow_sending_without_reply": True}
        call["reply_parameters"] = quoted
    return call


def _about(keys: Sequence[int], details: dict[str, Any]) -> dict[str, Any]:
    """What the audit row of an act on these contributions says: which one it was, or how many together."""
    if len(keys) == 1:
        return {"target": Contribution.objects.get(pk=keys[0]), "details": details}
    return {"details": {**details, "count": len(keys), "ids": list(keys[:MOST_TOLD])}}
