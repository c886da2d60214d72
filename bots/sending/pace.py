"""How fast a bot may send: so many messages within any second, and so many seconds between two to one chat.

The platforms count a message when it reaches them, some time between its sending and its answer. Each message
therefore takes one of as many places as may be sent in a second, and its place is free again a second after the
answer: so the platform can never count one too many, however the network or this machine dawdles.
"""

from collections import OrderedDict

WINDOW_SECONDS = 1.0
# An answer that takes longer says nothing about when the message was counted; waiting for it would halve the rate.
COUNTED_WITHIN_SECONDS = 0.04
# How far behind an even pace a bot may make up for by sending faster, within its places.
CATCH_UP_SECONDS = 0.25
# Messages are taken up in small groups, to ask less of the database.
GROUPS_PER_SECOND = 10
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 1.0, 60.0


class Pace:
    """The pace of one bot. Times are seconds of one monotonic clock, which the caller reads."""

    def __init__(self, per_second: int) -> None:
        self.per_second = per_second
        self._interval_seconds = WINDOW_SECONDS / per_second
        self._places = [0.0] * per_second  # when each is free again
        self._group = max(1, per_second // GROUPS_PER_SECOND)
        self._even_at = 0.0  # when the next message is due at an even pace
        self._not_before = 0.0
        self._trouble_count = 0

    @property
    def is_troubled(self) -> bool:
        """Whether the platform failed lately: then one message at a time finds out if it is back."""
        return self._trouble_count > 0

    @property
    def group_size(self) -> int:
        """How many messages may go together."""
        return 1 if self.is_troubled else self._group

    def free_at(self) -> float:
        """When the next group may go."""
        last_place = sorted(self._places)[self.group_size - 1]
        return max(last_place, self._even_at, self._not_before)

    def place_at(self) -> float:
        """When the next place is free, for a message that was claimed a little before."""
        return max(min(self._places), self._not_before)

    def take(self, now: float) -> int:
        """Count a message that goes now; gives its place."""
        place = min(range(len(self._places)), key=self._places.__getitem__)
        self._places[place] = now + COUNTED_WITHIN_SECONDS + WINDOW_SECONDS
        self._even_at = max(self._even_at, now - CATCH_UP_SECONDS) + self._interval_seconds
        return place

    def note_answer(self, place: int, now: float) -> None:
        """The message of a place was answered now."""
        self._places[place] = min(self._places[place], now + WINDOW_SECONDS)

    def wait(self, seconds: float, now: float) -> None:
        """Send nothing for so long, as the platform asked."""
        self._not_before = max(self._not_before, now + seconds)

    def note_trouble(self, now: float) -> None:
        """The platform failed or was silent: wait, longer each time."""
        if now >= self._not_before:  # answers to messages that were on their way together are one failure
            wait = min(FIRST_WAIT_SECONDS * 2**self._trouble_count, LONGEST_WAIT_SECONDS)
            self._trouble_count += 1
            self.wait(wait, now)

    def note_success(self) -> None:
        """The platform has taken a message, so all is well."""
        self._trouble_count = 0


class ChatPace:
    """How soon a chat may get its next message; remembers no chat for longer than that."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._free_at: OrderedDict[int, float] = OrderedDict()

    def take(self, chat_id: int, now: float) -> float:
        """Count a message to a chat; gives how many seconds it has to wait."""
        while self._free_at and next(iter(self._free_at.values())) <= now:
            self._free_at.popitem(last=False)
        starts_at = max(now, self._free_at.pop(chat_id, now))
        self._free_at[chat_id] = starts_at + self.seconds
        return starts_at - now
