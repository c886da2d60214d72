"""Writing what a batch of one bot's updates means, set by set, in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from bots.models import BotUser, Click, Contribution, Message
from bots.projection.interpret import Facts, message_kind
from bots.projection.people import People, PersonState
from bots.projection.polls import save_polls, save_votes

LONGEST_CLICK_DATA = 128


@dataclass(slots=True)
class _Batch:
    """Rows in the making; each names its person by the platform's number until people have rows."""

    clicks: list[tuple[int, Facts]] = field(default_factory=list)
    messages: list[tuple[int, Facts, str]] = field(default_factory=list)
    edits: list[tuple[int, Facts]] = field(default_factory=list)
    votes: list[tuple[int, Facts]] = field(default_factory=list)


def apply_facts(bot_id: int, facts: Sequence[Facts]) -> None:
    """Store people, clicks, messages, contributions, polls and votes of `facts`, which are in order of arrival."""
    people = People(bot_id, (fact.person.id for fact in facts if fact.person is not None))
    batch = _Batch()
    for fact in facts:
        if fact.person is not None:
            _collect(batch, fact, people.see(fact))
    rows = people.save()
    _save_clicks(bot_id, batch, rows)
    _save_messages(bot_id, batch, rows)
    for person, fact in batch.edits:
        _save_edit(rows[person], fact)
    save_polls(bot_id, [fact.poll for fact in facts if fact.poll is not None])
    save_votes(bot_id, [(rows[person], fact) for person, fact in batch.votes])


def _collect(batch: _Batch, fact: Facts, state: PersonState) -> None:
    person = state.platform_user_id
    if fact.click_kind is not None:
        batch.clicks.append((person, fact))
    if fact.message is not None:
        batch.messages.append((person, fact, _contribution_kind(fact, state)))
    if fact.edited_message is not None:
        batch.edits.append((person, fact))
    if fact.vote is not None:
        batch.votes.append((person, fact))


def _contribution_kind(fact: Facts, state: PersonState) -> str:
    """The kind of contribution that this message is, or empty; a person's next text is asked for once."""
    text = fact.message.text if fact.message else None
    if not state.next_text_is or not text or text.startswith("/"):
        return ""
    kind, state.next_text_is = state.next_text_is, ""
    return kind


def _save_clicks(bot_id: int, batch: _Batch, rows: dict[int, BotUser]) -> None:
    Click.objects.bulk_create(
        Click(
            bot_id=bot_id,
            bot_user=rows[person],
            update_id=fact.update_id,
            kind=fact.click_kind or "",
            data=fact.click_data[:LONGEST_CLICK_DATA],
            occurred_at=fact.occurred_at,
        )
        for person, fact in batch.clicks
    )


def _save_messages(bot_id: int, batch: _Batch, rows: dict[int, BotUser]) -> None:
    messages = [_message(bot_id, rows[person], fact) for person, fact, _kind in batch.messages]
    Message.objects.bulk_create(messages)
    Contribution.objects.bulk_create(
        Contribution(
            bot_id=bot_id,
            bot_user_id=message.bot_user_id,
            message=message,
            kind=kind,
            text=message.text,
            occurred_at=message.occurred_at,
        )
        for message, (_person, _fact, kind) in zip(messages, batch.messages, strict=True)
        if kind
    )


def _message(bot_id: int, person: BotUser, fact: Facts) -> Message:
    content = fact.message
    if content is None:
        raise ValueError("this update holds no message")
    return Message(
        bot_id=bot_id,
        bot_user=person,
        update_id=fact.update_id,
        message_id=content.message_id,
        kind=message_kind(content),
        text=content.text or content.caption or "",
        occurred_at=fact.occurred_at,
    )


def _save_edit(person: BotUser, fact: Facts) -> None:
    edited = fact.edited_message
    if edited is not None and edited.message_id is not None:
        Message.objects.filter(bot_user=person, message_id=edited.message_id).update(
            text=edited.text or edited.caption or "", edited_at=fact.occurred_at
        )
