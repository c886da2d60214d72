"""The people of one batch: read once, changed in memory in the order of updates, written once.

Only one worker at a time handles a bot (see `worker`), so what was read stays true until it is written.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from operator import attrgetter

from bots.models import BotUser, ErasedPerson
from bots.projection.decode import Person
from bots.projection.interpret import Facts
from common.set_wise import fetch_rows, run_set_wise
from common.text import clean_code

_READ = """
    SELECT platform_user_id, click_count, message_count, first_seen_at, last_seen_at, first_name, last_name, username,
        language_code, source, city, is_blocked, next_text_is, stopped_at, consent_version, consented_at, hinted_at,
        forget_asked_at, id
    FROM bots_botuser WHERE bot_id = %b AND platform_user_id = ANY(%b::bigint[])
"""
_COUNT = """
    UPDATE bots_botuser AS person
    SET click_count = came.click_count, message_count = came.message_count, last_seen_at = came.last_seen_at
    FROM {rows} WHERE person.id = came.id
"""
_COUNTED = "id bigint, click_count integer, message_count integer, last_seen_at timestamptz"
_CHANGE = """
    UPDATE bots_botuser AS person
    SET click_count = came.click_count, message_count = came.message_count, first_seen_at = came.first_seen_at,
        last_seen_at = came.last_seen_at, first_name = came.first_name, last_name = came.last_name,
        username = came.username, language_code = came.language_code, source = came.source, city = came.city,
        is_blocked = came.is_blocked, next_text_is = came.next_text_is, stopped_at = came.stopped_at,
        consent_version = came.consent_version, consented_at = came.consented_at, hinted_at = came.hinted_at,
        forget_asked_at = came.forget_asked_at
    FROM {rows} WHERE person.id = came.id
"""
_ADD = """
    INSERT INTO bots_botuser (bot_id, platform_user_id, click_count, message_count, first_seen_at, last_seen_at,
        first_name, last_name, username, language_code, source, city, is_blocked, next_text_is, stopped_at,
        consent_version, consented_at, hinted_at, forget_asked_at, created_at, phone, phone_index)
    SELECT %b::bigint, came.platform_user_id, came.click_count, came.message_count, came.first_seen_at,
        came.last_seen_at, came.first_name, came.last_name, came.username, came.language_code, came.source, came.city,
        came.is_blocked, came.next_text_is, came.stopped_at, came.consent_version, came.consented_at, came.hinted_at,
        came.forget_asked_at, statement_timestamp(), '', ''
    FROM {rows} RETURNING platform_user_id, id
"""
_STATE = (
    "platform_user_id bigint, click_count integer, message_count integer, first_seen_at timestamptz, "
    "last_seen_at timestamptz, first_name text, last_name text, username text, language_code text, source text, "
    "city text, is_blocked boolean, next_text_is text, stopped_at timestamptz, consent_version text, "
    "consented_at timestamptz, hinted_at timestamptz, forget_asked_at timestamptz"
)


@dataclass(slots=True)
class PersonState:
    """A person as they stand after the updates read so far; `phone` only where this batch learned one."""

    platform_user_id: int
    click_count: int
    message_count: int
    first_seen_at: dt.datetime
    last_seen_at: dt.datetime
    first_name: str = ""
    last_name: str = ""
    username: str = ""
    language_code: str = ""
    source: str = ""
    city: str = ""
    is_blocked: bool = False
    next_text_is: str = ""
    stopped_at: dt.datetime | None = None
    consent_version: str = ""
    consented_at: dt.datetime | None = None
    hinted_at: dt.datetime | None = None
    forget_asked_at: dt.datetime | None = None
    id: int | None = None
    phone: str = ""

    @property
    def row_id(self) -> int:
        """The number of their row, which they have once `People.save` is done."""
        if self.id is None:
            raise ValueError("this person has no row yet")
        return self.id


# What most updates leave as it is.
_RARER = (
    "first_seen_at", "first_name", "last_name", "username", "language_code", "source", "city", "is_blocked",
    "next_text_is", "stopped_at", "consent_version", "consented_at", "hinted_at", "forget_asked_at",
)  # fmt: skip
_rarer_part = attrgetter(*_RARER)
_counts = attrgetter("id", "click_count", "message_count", "last_seen_at")
_of_state = attrgetter(*(column.split()[0] for column in _STATE.split(", ")))


class People:
    """The people whom a batch of one bot's updates speaks of."""

    def __init__(self, bot_id: int, platform_user_ids: Iterable[int]) -> None:
        self.bot_id = bot_id
        named = set(platform_user_ids)
        self._states = {row[0]: PersonState(*row) for row in fetch_rows(_READ, [bot_id, list(named)])}
        self._before = {number: _rarer_part(state) for number, state in self._states.items()}
        self._erased = _erased_among(bot_id, named - self._states.keys())

    def stays_erased(self, facts: Facts) -> bool:
        """Whether the person of an update was erased and hasn't come back: only a new `/start` makes them somebody."""
        if facts.person is None or facts.person.id not in self._erased:
            return False
        if facts.click_kind == "start":
            self._erased.discard(facts.person.id)
            return False
        return True

    def see(self, facts: Facts) -> PersonState:
        """The state of the person of an update, with what the update tells about them taken in."""
        person = facts.person
        if person is None:
            raise ValueError("this update names nobody")
        state = self._states.get(person.id) or self._welcome(person, facts.occurred_at)
        is_first_contact = state.click_count == 0 and state.message_count == 0
        if facts.source is not None and is_first_contact:
            state.source = facts.source
        _take_names(state, person)
        _take_news(state, facts)
        return state

    def _welcome(self, person: Person, seen_at: dt.datetime) -> PersonState:
        state = PersonState(person.id, 0, 0, seen_at, seen_at)
        self._states[person.id] = state
        return state

    def save(self) -> None:
        """Write all states; each has the number of its row then."""
        states = list(self._states.values())
        known = [(state, _rarer_part(state) != self._before[state.platform_user_id]) for state in states if state.id]
        added = [_of_state(state) for state in states if state.id is None]
        for number, row_id in run_set_wise(_ADD, added, _STATE, [self.bot_id]):
            self._states[number].id = row_id
        changed = [(*_of_state(state), state.id) for state, is_changed in known if is_changed]
        run_set_wise(_CHANGE, changed, f"{_STATE}, id bigint")
        run_set_wise(_COUNT, [_counts(state) for state, is_changed in known if not is_changed], _COUNTED)
        _save_phones([state for state in states if state.phone])


def _erased_among(bot_id: int, platform_user_ids: set[int]) -> set[int]:
    """Those of people without a row who were erased."""
    erased = ErasedPerson.objects.filter(bot=bot_id)
    if not platform_user_ids or not erased.exists():  # most bots have none, and fingerprints take their time
        return set()
    numbers = {ErasedPerson.index_of(bot_id, number): number for number in platform_user_ids}
    found = erased.filter(person_index__in=numbers).values_list("person_index", flat=True)
    return {numbers[index] for index in found}


def _save_phones(states: list[PersonState]) -> None:
    """An unknown phone must not overwrite a known one: only those that this batch learned are written."""
    for state in states:
        BotUser(pk=state.id, phone=state.phone).save(update_fields=["phone", "phone_index"])


def _take_names(state: PersonState, person: Person) -> None:
    if not person.first_name and not person.username:  # a bare chat number tells no names
        return
    state.first_name = person.first_name[:128]
    state.last_name = person.last_name[:128]
    state.username = person.username[:64]
    state.language_code = clean_code(person.language_code, 16) or state.language_code


def _take_news(state: PersonState, facts: Facts) -> None:
    state.first_seen_at = min(state.first_seen_at, facts.occurred_at)
    state.last_seen_at = max(state.last_seen_at, facts.occurred_at)
    state.click_count += facts.click_kind is not None
    state.message_count += facts.message is not None
    state.city = state.city if facts.city is None else facts.city
    state.phone = facts.phone[:64] if facts.phone else state.phone
    state.is_blocked = state.is_blocked if facts.is_blocked is None else facts.is_blocked
    state.next_text_is = state.next_text_is if facts.next_text_is is None else facts.next_text_is
