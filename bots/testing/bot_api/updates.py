"""A bot's updates until somebody has taken them."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from bots.testing.bot_api.clock import Clock

KEPT_SECONDS = 24 * 60 * 60  # https://core.telegram.org/bots/api#getting-updates
# What a bot gets when it doesn't say: all kinds but these.
NOT_UNLESS_ASKED = frozenset({"chat_member", "message_reaction", "message_reaction_count"})


class Waiting(msgspec.Struct):
    """An update that waits. Those of one chat are delivered in their order."""

    update_id: int
    chat_id: int
    body: bytes
    expires_at: float


class UpdateQueue:
    """`on_new` is called with each update that comes in."""

    def __init__(self, clock: Clock, on_new: Callable[[Waiting], None]) -> None:
        self._clock, self._on_new = clock, on_new
        self._waiting: dict[int, Waiting] = {}
        # Above all numbers of earlier runs, whose updates the receiver may have stored.
        self._next_id = int(clock.now() * 1000)
        self.allowed: frozenset[str] | None = None

    def allow(self, kinds: Iterable[str]) -> None:
        """Which kinds to take from now on; none named means the usual ones."""
        self.allowed = frozenset(kinds) or None

    def add(self, kind: str, content: dict[str, Any], *, chat_id: int) -> None:
        """Take an update in, unless the bot doesn't want its kind."""
        is_wanted = kind not in NOT_UNLESS_ASKED if self.allowed is None else kind in self.allowed
        if is_wanted:
            self.add_ready({"update_id": self._next_id, kind: content}, chat_id=chat_id)

    def add_ready(self, update: dict[str, Any], *, chat_id: int = 0) -> None:
        """Take an update in as it is."""
        number = int(update["update_id"])
        self._next_id = max(self._next_id, number) + 1
        waiting = Waiting(number, chat_id, msgspec.json.encode(update), self._clock.now() + KEPT_SECONDS)
        self._waiting[number] = waiting
        self._on_new(waiting)

    def all(self) -> list[Waiting]:
        """Those that wait, the oldest first."""
        self._forget_old()
        return list(self._waiting.values())

    def get(self, update_id: int) -> Waiting | None:
        self._forget_old()
        return self._waiting.get(update_id)

    def remove(self, update_id: int) -> None:
        self._waiting.pop(update_id, None)

    def confirm(self, offset: int) -> None:
        """Forget all below `offset`; a negative one keeps only that many from the end."""
        numbers = list(self._waiting)
        gone = numbers[:offset] if offset < 0 else [number for number in numbers if number < offset]
        for number in gone:
            del self._waiting[number]

    def clear(self) -> None:
        self._waiting.clear()

    def _forget_old(self) -> None:
        now = self._clock.now()
        while self._waiting:
            oldest = next(iter(self._waiting.values()))
            if oldest.expires_at > now:
                return
            del self._waiting[oldest.update_id]
