"""Writing what a batch of one bot's updates means, set by set, in the caller's transaction."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from bots.conversation.replies import Replies
from bots.models import Contribution, Message
from bots.projection.decode import Message as Content
from bots.projection.interpret import Facts, message_kind
from bots.projection.people import People, PersonState
from bots.projection.polls import save_polls, save_votes
from common.set_wise import run_set_wise

LONGEST_CLICK_DATA = 128
_ADD_CLICKS = """
    INSERT INTO bots_click (bot_id, bot_user_id, update_id, kind, data, occurred_at)
    SELECT %b::bigint, came.person, came.update_id, came.kind, came.data, came.occurred_at FROM {rows}
"""
_CLICK = "person bigint, update_id bigint, kind text, data text, occurred_at timestamptz"
_ADD_MESSAGES = """
    INSERT INTO bots_message (bot_id, bot_user_id, update_id, message_id, kind, text, occurred_at)
    SELECT %b::bigint, came.person, came.update_id, came.message_id, came.kind, came.text, came.occurred_at FROM {rows}
"""
_MESSAGE = "person bigint, update_id bigint, message_id bigint, kind text, text text, occurred_at timestamptz"


@dataclass(slots=True)
class _Batch:
    """What is to be written, each with the person whom it is of."""

    clicks: list[tuple[PersonState, Facts]] = field(default_factory=list)
    messages: list[tuple[PersonState, Facts, Content]] = field(default_factory=list)
    contributions: list[tuple[PersonState, Facts, Content, str]] = field(default_factory=list)
    edits: list[tuple[PersonState, Facts, Content]] = field(default_factory=list)
    votes: list[tuple[PersonState, Facts]] = field(default_factory=list)


def apply_facts(bot_id: int, facts: Sequence[Facts]) -> None:
    """Store people, clicks, messages, contributions, polls and votes of `facts`, which are in order of arrival.

    Answers go to the outbox with them. Facts of people who were erased and haven't come back are marked, not stored.
    """
    people = People(bot_id, (fact.person.id for fact in facts if fact.person is not None))
    batch, replies = _Batch(), Replies(bot_id)
    for fact in facts:
        if fact.person is None:
            continue
        fact.is_of_erased = people.stays_erased(fact)
        if not fact.is_of_erased:
            state = people.see(fact)
            replies.add(fact, state, _collect(batch, fact, state))
    people.save()
    _save_clicks(bot_id, batch)
    _save_messages(bot_id, batch)
    replies.save(_save_contributions(bot_id, batch))
    for person, fact, content in batch.edits:
        _save_edit(person, fact.occurred_at, content)
    save_polls(bot_id, [fact.poll for fact in facts if fact.poll is not None])
    save_votes(bot_id, [(person.row_id, fact) for person, fact in batch.votes])


def _collect(batch: _Batch, fact: Facts, person: PersonState) -> str:
    """Put a fact where it belongs; gives the kind of contribution that it is, or nothing."""
    contribution_kind = ""
    if fact.click_kind is not None:
        batch.clicks.append((person, fact))
    if fact.message is not None:
        contribution_kind = _contribution_kind(fact.message, person)
        if contribution_kind:
            batch.contributions.append((person, fact, fact.message, contribution_kind))
        else:
            batch.messages.append((person, fact, fact.message))
    if fact.edited_message is not None:
        batch.edits.append((person, fact, fact.edited_message))
    if fact.vote is not None:
        batch.votes.append((person, fact))
    return contribution_kind


def _contribution_kind(content: Content, person: PersonState) -> str:
    """The kind of contribution that this message is, or empty; a person's next text is asked for once."""
    if not person.next_text_is or not content.text or content.text.startswith("/"):
        return ""
    kind, person.next_text_is = person.next_text_is, ""
    return kind


def _save_clicks(bot_id: int, batch: _Batch) -> None:
    rows = [
        (person.id, fact.update_id, fact.click_kind, fact.click_data[:LONGEST_CLICK_DATA], fact.occurred_at)
        for person, fact in batch.clicks
    ]
    run_set_wise(_ADD_CLICKS, rows, _CLICK, [bot_id])


def _save_messages(bot_id: int, batch: _Batch) -> None:
    rows = [
        (person.id, fact.update_id, content.message_id, message_kind(content), _text(content), fact.occurred_at)
        for person, fact, content in batch.messages
    ]
    run_set_wise(_ADD_MESSAGES, rows, _MESSAGE, [bot_id])


def _save_contributions(bot_id: int, batch: _Batch) -> dict[int | None, int]:
    """Store contributions with their messages; gives their numbers by the update that brought them."""
    messages = [
        Message(
            bot_id=bot_id,
            bot_user_id=person.row_id,
            update_id=fact.update_id,
            message_id=content.message_id,
            kind=message_kind(content),
            text=_text(content),
            occurred_at=fact.occurred_at,
        )
        for person, fact, content, _kind in batch.contributions
    ]
    Message.objects.bulk_create(messages)
    contributions = Contribution.objects.bulk_create(
        Contribution(
            bot_id=bot_id,
            bot_user_id=message.bot_user_id,
            message=message,
            kind=kind,
            text=message.text,
            occurred_at=message.occurred_at,
        )
        for message, (_person, _fact, _content, kind) in zip(messages, batch.contributions, strict=True)
    )
    brought = [fact.update_id for _person, fact, _content, _kind in batch.contributions]
    return dict(zip(brought, (contribution.pk for contribution in contributions), strict=True))


def _save_edit(person: PersonState, edited_at: dt.datetime, content: Content) -> None:
    if content.message_id is not None:
        Message.objects.filter(bot_user_id=person.row_id, message_id=content.message_id).update(
            text=_text(content), edited_at=edited_at
        )


def _text(content: Content) -> str:
    return content.text or content.caption or ""
