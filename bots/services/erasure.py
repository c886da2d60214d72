"""Erasing people: everything that is held about them, and a tombstone that nobody can read who from."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit.alarms import raise_alarm
from audit.services import record
from bots.erasure_journal import Tombstone, append_tombstone, read_tombstones
from bots.inbound_of_person import empty_updates_of
from bots.models import Bot, BotUser, Click, ErasedPerson, Message, OutboxMessage, Poll, PollAnswer, PollOption
from common.errors import DomainError

ERASE_PERMISSION = "bots.erase_botuser"
# Who asked for it reads the bot's last reply first, unless it can't reach them for so long.
LAST_REPLY_WITHIN = dt.timedelta(minutes=2)
PEOPLE_AT_ONCE = 5000


def erase_person(*, person_id: int, reason: str, actor: User | None) -> ErasedPerson:
    """Erase a person of a bot for good; their votes stay as numbers without a name.

    Raises DomainError `person-not-found`, and `reason-missing` where staff give none. Where the tombstone can't be
    kept outside the database, it raises `erasure-journal-away` and erases nobody.
    """
    reason = reason.strip()
    if actor is not None and not reason:
        raise DomainError("reason-missing", _("Say why this person is erased."))
    with transaction.atomic():
        person = _lock(person_id)
        # After the lock and by the database's clock: who comes back is written later by the same clock.
        erased_at = Bot.objects.annotate(moment=Now()).values_list("moment", flat=True).get(pk=person.bot_id)
        index = ErasedPerson.index_of(person.bot_id, person.platform_user_id)
        removed = _remove(person)
        tombstone = ErasedPerson.objects.create(bot_id=person.bot_id, person_index=index, erased_at=erased_at)
        details = {"reason": reason, "tombstone": tombstone.pk, "removed": removed}
        record(action="bots.bot_user.erase", actor=actor, target=tombstone, details=details)
        append_tombstone(Tombstone(person.bot_id, index, erased_at))
    return tombstone


def erase_who_asked() -> int:
    """Erase the people who asked their bot for it and have got its last reply; returns how many.

    Raises the alarm `erasure-journal-away` while the journal can't be written; they are erased once it can.
    """
    now = timezone.now()
    states = OutboxMessage.State.QUEUED, OutboxMessage.State.SENDING
    unread = Exists(OutboxMessage.objects.filter(bot_user=OuterRef("pk"), state__in=states))
    asked = BotUser.objects.filter(forget_asked_at__isnull=False)
    ready = asked.filter(~unread | Q(forget_asked_at__lt=now - LAST_REPLY_WITHIN))
    keys = list(ready.order_by("pk").values_list("pk", flat=True))
    erased = 0
    for key in keys:
        try:
            erase_person(person_id=key, reason="asked by the person", actor=None)
            erased += 1
        except DomainError as error:  # or staff have erased them a moment ago
            if error.code == "erasure-journal-away":
                raise_alarm(error.code, error)
                break
    return erased


def reapply_erasures(*, is_dry_run: bool = False) -> int:
    """After a restore: erase again whom it brought back, by the tombstones here and in the journal; returns how many.

    Who came back by themselves after their erasure stays.
    """
    journal = list(read_tombstones())
    if not is_dry_run:
        _bring_tombstones(journal)
    brought_back = people_brought_back(journal)
    if not is_dry_run:
        for person_id in brought_back:
            _erase_again(person_id)
    return len(brought_back)


def people_brought_back(journal: Iterable[Tombstone] | None = None) -> list[int]:
    """Who is here, and was erased after they came: their keys."""
    tombstones = read_tombstones() if journal is None else journal
    latest: dict[tuple[int, str], dt.datetime] = {}
    known = ErasedPerson.objects.values_list("bot_id", "person_index", "erased_at")
    written = ((one.bot_id, one.index, one.erased_at) for one in tombstones)
    for bot_id, index, erased_at in [*known.iterator(), *written]:
        latest[bot_id, index] = max(erased_at, latest.get((bot_id, index), erased_at))
    return list(_brought_back(latest))


def _bring_tombstones(journal: list[Tombstone]) -> None:
    """Write those of the journal that the restored database lacks."""
    bots = set(Bot.objects.values_list("pk", flat=True))
    with transaction.atomic():
        known = set(ErasedPerson.objects.values_list("bot_id", "person_index", "erased_at"))
        lacking = {(one.bot_id, one.index, one.erased_at) for one in journal if one.bot_id in bots} - known
        ErasedPerson.objects.bulk_create(
            ErasedPerson(bot_id=bot_id, person_index=index, erased_at=erased_at)
            for bot_id, index, erased_at in sorted(lacking, key=lambda row: row[2])
        )
        record(action="bots.erased_person.restore", actor=None, details={"count": len(lacking)})


def _brought_back(latest: dict[tuple[int, str], dt.datetime]) -> Iterator[int]:
    for bot_id in sorted({bot_id for bot_id, _index in latest}):
        people = BotUser.objects.filter(bot=bot_id).order_by("pk").values_list("pk", "platform_user_id", "created_at")
        for key, number, created_at in people.iterator(chunk_size=PEOPLE_AT_ONCE):
            erased_at = latest.get((bot_id, ErasedPerson.index_of(bot_id, number)))
            if erased_at is not None and (created_at is None or created_at < erased_at):
                yield key


def _erase_again(person_id: int) -> None:
    with transaction.atomic():
        person = _lock(person_id)
        index = ErasedPerson.index_of(person.bot_id, person.platform_user_id)
        removed = _remove(person)
        tombstone = ErasedPerson.objects.filter(bot=person.bot_id, person_index=index).latest("pk")
        record(action="bots.bot_user.erase_again", actor=None, target=tombstone, details={"removed": removed})


def _lock(person_id: int) -> BotUser:
    """The person, while no worker handles updates of their bot. Raises DomainError `person-not-found`."""
    person = BotUser.objects.defer("phone").filter(pk=person_id).first()
    if person is not None:
        Bot.objects.select_for_update(no_key=True).defer("token", "webhook_secret", "proxy").get(pk=person.bot_id)
        person = BotUser.objects.select_for_update().defer("phone").filter(pk=person_id).first()
    if person is None:
        raise DomainError("person-not-found", _("This person is not there any more."))
    return person


def _remove(person: BotUser) -> dict[str, int]:
    """Remove everything of a person, and tell how much it was."""
    votes = PollAnswer.objects.filter(bot_user=person).exclude(option_positions=[])
    removed = {
        "clicks": Click.objects.filter(bot_user=person).count(),
        "messages": Message.objects.filter(bot_user=person).count(),
        "contributions": person.contributions.count(),
        "votes": votes.count(),
        "updates": empty_updates_of(person),
    }
    _keep_votes_as_numbers(votes)
    BotUser.objects.filter(pk=person.pk).only("pk").delete()  # without decrypting what goes
    return removed


def _keep_votes_as_numbers(votes: QuerySet[PollAnswer]) -> None:
    chosen: Counter[tuple[int, int]] = Counter()
    voters: Counter[int] = Counter()
    for poll_id, positions in votes.values_list("poll_id", "option_positions"):
        voters[poll_id] += 1
        chosen.update((poll_id, position) for position in positions)
    for poll_id, count in sorted(voters.items()):
        Poll.objects.filter(pk=poll_id).update(erased_voters=F("erased_voters") + count)
    for (poll_id, position), count in sorted(chosen.items()):
        options = PollOption.objects.filter(poll=poll_id, position=position)
        options.update(erased_votes=F("erased_votes") + count)
