"""The people of one batch: read once, changed in memory in the order of updates, written once.

Only one worker at a time handles a bot (see `worker`), so what was read stays true until it is written.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from bots.models import BotUser
from bots.projection.decode import Person
from bots.projection.interpret import Facts
from common.text import clean_code

_STATE_COLUMNS = (
    "platform_user_id", "first_name", "last_name", "username", "language_code", "source", "city", "is_blocked",
    "next_text_is", "click_count", "message_count", "first_seen_at", "last_seen_at",
)  # fmt: skip
_KEPT_COLUMNS = [column for column in _STATE_COLUMNS if column != "platform_user_id"]


@dataclass(slots=True)
class PersonState:
    """A person as they stand after the updates read so far; `phone` only where this batch learned one."""

    platform_user_id: int
    first_name: str
    last_name: str
    username: str
    language_code: str
    source: str
    city: str
    is_blocked: bool
    next_text_is: str
    click_count: int
    message_count: int
    first_seen_at: dt.datetime
    last_seen_at: dt.datetime
    phone: str = ""


class People:
    """The people whom a batch of one bot's updates speaks of."""

    def __init__(self, bot_id: int, platform_user_ids: Iterable[int]) -> None:
        self.bot_id = bot_id
        rows = BotUser.objects.filter(bot_id=bot_id, platform_user_id__in=set(platform_user_ids))
        self._states = {row[0]: PersonState(*row) for row in rows.values_list(*_STATE_COLUMNS)}

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
        state = PersonState(person.id, "", "", "", "", "", "", False, "", 0, 0, seen_at, seen_at)
        self._states[person.id] = state
        return state

    def save(self) -> dict[int, BotUser]:
        """Write all states; returns the rows by their number on the platform."""
        rows = {state.platform_user_id: self._row(state) for state in self._states.values()}
        with_phone = [row for row in rows.values() if row.phone]
        without_phone = [row for row in rows.values() if not row.phone]
        # An unknown phone must not overwrite a known one: two statements, of which one leaves the phone alone.
        _upsert(without_phone, _KEPT_COLUMNS)
        _upsert(with_phone, [*_KEPT_COLUMNS, "phone", "phone_index"])
        return rows

    def _row(self, state: PersonState) -> BotUser:
        columns = {column: getattr(state, column) for column in (*_STATE_COLUMNS, "phone")}
        return BotUser(bot_id=self.bot_id, **columns)


def _upsert(rows: list[BotUser], columns: list[str]) -> None:
    if rows:
        BotUser.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["bot", "platform_user_id"], update_fields=columns
        )


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
