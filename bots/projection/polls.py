"""Polls and votes of a batch."""

from collections.abc import Collection, Sequence

from bots.models import PlatformPoll, Poll, PollAnswer, PollOption
from bots.projection import decode
from bots.projection.interpret import Facts

LONGEST_POLL_ID = 64


def save_polls(bot_id: int, polls: Sequence[decode.Poll]) -> None:
    """Store questions and options; the latest word on a poll counts."""
    latest = {poll.id[:LONGEST_POLL_ID]: poll for poll in polls}
    for number in _sent_copies(bot_id, latest):
        del latest[number]  # what staff wrote stays as they wrote it
    if not latest:
        return
    rows = [
        Poll(bot_id=bot_id, platform_poll_id=number, question=poll.question, is_closed=poll.is_closed)
        for number, poll in latest.items()
    ]
    Poll.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["bot", "platform_poll_id"], update_fields=["question", "is_closed"]
    )
    PollOption.objects.bulk_create(
        [
            PollOption(poll=row, position=position, text=option.text)
            for row in rows
            for position, option in enumerate(latest[str(row.platform_poll_id)].options)
        ],
        update_conflicts=True,
        unique_fields=["poll", "position"],
        update_fields=["text"],
    )


def save_votes(bot_id: int, votes: Sequence[tuple[int, Facts]]) -> None:
    """Store each person's latest vote in each poll; an empty one takes the vote back."""
    cast = [(fact.vote.poll_id[:LONGEST_POLL_ID], person, fact) for person, fact in votes if fact.vote is not None]
    if not cast:
        return
    poll_ids = _polls_voted_in(bot_id, {number for number, _person, _fact in cast})
    # By our own poll: two sent copies may be one.
    latest = {(poll_ids[number], person): fact for number, person, fact in cast}
    PollAnswer.objects.bulk_create(
        [
            PollAnswer(
                poll_id=poll_id,
                bot_user_id=person,
                option_positions=sorted(set(fact.vote.option_ids)) if fact.vote else [],
                answered_at=fact.occurred_at,
            )
            for (poll_id, person), fact in latest.items()
        ],
        update_conflicts=True,
        unique_fields=["poll", "bot_user"],
        update_fields=["option_positions", "answered_at"],
    )


def _sent_copies(bot_id: int, numbers: Collection[str]) -> dict[str, int]:
    """The polls of staff by the platform's numbers of their sent copies."""
    copies = PlatformPoll.objects.filter(bot_id=bot_id, platform_poll_id__in=numbers)
    return dict(copies.values_list("platform_poll_id", "poll_id"))


def _polls_voted_in(bot_id: int, numbers: set[str]) -> dict[str, int]:
    sent = _sent_copies(bot_id, numbers)
    numbers = numbers - sent.keys()
    Poll.objects.bulk_create(
        [Poll(bot_id=bot_id, platform_poll_id=number) for number in sorted(numbers)], ignore_conflicts=True
    )
    polls = Poll.objects.filter(bot_id=bot_id, platform_poll_id__in=numbers)
    return {str(poll.platform_poll_id): poll.pk for poll in polls} | sent
