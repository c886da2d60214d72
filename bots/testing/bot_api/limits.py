"""How often a bot may send, after https://core.telegram.org/bots/faq#broadcasting-to-users."""

import math
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass

from bots.testing.bot_api.clock import Clock
from bots.testing.bot_api.refusals import too_many_requests


@dataclass(frozen=True)
class Allowance:
    """At most `count` messages within any `seconds`; no count, no limit."""

    count: int | None
    seconds: float


@dataclass(frozen=True)
class Limits:
    """What may be sent. The documented figures; the real server lets short bursts pass."""

    bot: Allowance = Allowance(30, 1)
    chat: Allowance = Allowance(1, 1)
    group: Allowance = Allowance(20, 60)


NO_LIMITS = Limits(Allowance(None, 1), Allowance(None, 1), Allowance(None, 60))


class FloodGate:
    """Counts what one bot sends."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits, self._clock = limits, clock
        self._sent: dict[Hashable, deque[float]] = {}

    def pass_or_refuse(self, chat_id: int, *, is_group: bool) -> None:
        """Count a message to a chat. Raises Refusal 429, and counts nothing, where it would be one too many."""
        limits = [("bot", self._limits.bot), (chat_id, self._limits.group if is_group else self._limits.chat)]
        now = self._clock.now()
        wait = max(self._wait(key, allowance, now) for key, allowance in limits)
        if wait > 0:
            raise too_many_requests(math.ceil(wait))
        for key, allowance in limits:
            if allowance.count is not None:
                self._sent.setdefault(key, deque(maxlen=allowance.count)).append(now)

    def _wait(self, key: Hashable, allowance: Allowance, now: float) -> float:
        sent = self._sent.get(key)
        if allowance.count is None or sent is None or len(sent) < allowance.count:
            return 0.0
        return sent[0] + allowance.seconds - now
