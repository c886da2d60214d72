"""Polls of staff: made, opened, closed; and the copies of them that were sent."""

from collections.abc import Sequence

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import record
from bots.models import Bot, PlatformPoll, Poll, PollOption
from common.errors import DomainError

MANAGE_PERMISSION = "bots.manage_poll"
# What sendPoll takes.
LONGEST_QUESTION, LONGEST_OPTION, FEWEST_OPTIONS, MOST_OPTIONS = 300, 100, 2, 10
_MOVE_VOTES = """
    INSERT INTO bots_pollanswer (poll_id, bot_user_id, option_positions, answered_at)
    SELECT %(to)s, bot_user_id, option_positions, answered_at FROM bots_pollanswer WHERE poll_id = %(from)s
    ON CONFLICT (poll_id, bot_user_id) DO UPDATE
    SET option_positions = EXCLUDED.option_positions, answered_at = EXCLUDED.answered_at
    WHERE EXCLUDED.answered_at > bots_pollanswer.answered_at
"""


def create_poll(*, bot: Bot, question: str, options: Sequence[str], allows_multiple_answers: bool, actor: User) -> Poll:
    """A poll as a draft. Raises DomainError `poll-invalid` when the platform wouldn't take it."""
    question, texts = question.strip(), [option.strip() for option in options if option.strip()]
    _refuse_invalid_poll(question, texts)
    with transaction.atomic():
        poll = Poll.objects.create(bot=bot, question=question, allows_multiple_answers=allows_multiple_answers)
        PollOption.objects.bulk_create(
            PollOption(poll=poll, position=position, text=text) for position, text in enumerate(texts)
        )
        record(action="bots.poll.create", actor=actor, target=poll, details={"options": texts})
    return poll


def open_poll(*, poll_id: int, actor: User) -> Poll:
    """Let a draft be sent and voted in. Raises DomainError `poll-not-draft`."""
    with transaction.atomic():
        poll = Poll.objects.select_for_update().get(pk=poll_id)
        if poll.state != Poll.State.DRAFT:
            raise DomainError("poll-not-draft", _("This poll is not a draft any more."))
        poll.opened_at = timezone.now()
        poll.save(update_fields=["opened_at"])
        record(action="bots.poll.opened", actor=actor, target=poll)
    return poll


def close_poll(*, poll_id: int, actor: User) -> Poll:
    """End a staff's poll: from now on it isn't sent.

    Raises DomainError `poll-not-open`; polls that the platform told of are closed there.
    """
    with transaction.atomic():
        poll = Poll.objects.select_for_update().get(pk=poll_id)
        if poll.state != Poll.State.OPEN or poll.platform_poll_id is not None:
            raise DomainError("poll-not-open", _("This poll is not open, or was not made here."))
        poll.is_closed = True
        poll.save(update_fields=["is_closed"])
        record(action="bots.poll.close", actor=actor, target=poll)
    return poll


def note_sent_copy(*, poll: Poll, platform_poll_id: str) -> PlatformPoll:
    """Keep the number that the platform gave a sent copy of `poll`, so that its votes count in `poll`.

    A vote may have come in before this; then the votes that were kept under that number move here.
    """
    with transaction.atomic():
        # As a worker that projects the inbox of this bot does: no vote is taken in while they move.
        Bot.objects.select_for_update(no_key=True).get(pk=poll.bot_id)
        copy, _made = PlatformPoll.objects.get_or_create(
            bot_id=poll.bot_id, platform_poll_id=platform_poll_id, defaults={"poll": poll}
        )
        stray = Poll.objects.filter(bot_id=poll.bot_id, platform_poll_id=platform_poll_id).first()
        if stray is not None:
            with connection.cursor() as cursor:
                cursor.execute(_MOVE_VOTES, {"to": poll.pk, "from": stray.pk})
            stray.delete()
    return copy


def _refuse_invalid_poll(question: str, texts: Sequence[str]) -> None:
    if not 1 <= len(question) <= LONGEST_QUESTION:
        words = _("Write a question of at most %(count)d characters.") % {"count": LONGEST_QUESTION}
    elif not FEWEST_OPTIONS <= len(texts) <= MOST_OPTIONS:
        words = _("Give between %(least)d and %(most)d options.") % {"least": FEWEST_OPTIONS, "most": MOST_OPTIONS}
    elif len(set(texts)) != len(texts):
        words = _("Two options are the same.")
    elif any(len(text) > LONGEST_OPTION for text in texts):
        words = _("An option can have at most %(count)d characters.") % {"count": LONGEST_OPTION}
    else:
        return
    raise DomainError("poll-invalid", words)
