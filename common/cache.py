"""A Redis cache that a missing Redis slows down but doesn't break."""

import logging
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 5.0
# Django's default, 300, would let a few hundred strangers push out the counters of rate limits.
LOCAL_ENTRIES = 20_000
GUARDED = (
    "add", "get", "set", "touch", "delete", "get_many", "has_key", "incr", "set_many", "delete_many", "clear",
)  # fmt: skip


@dataclass
class _Reach:
    """What this process knows about a Redis: whether it answered last, and until when it isn't asked again."""

    answered: bool = True
    ask_again_at: float = 0.0


_reaches: dict[str, _Reach] = defaultdict(_Reach)


class FallbackRedisCache(RedisCache):
    """Redis while it answers; this process's own memory for five seconds after it failed to.

    Counters and locks kept here then hold per process, not per system: callers that need more use PostgreSQL.
    Memory begins empty in each outage, so that nothing comes back that was deleted in Redis meanwhile, such as a
    session that was signed out.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        local_params = {**params, "OPTIONS": {"MAX_ENTRIES": LOCAL_ENTRIES}}
        self._local = LocMemCache(f"fallback of {server}", local_params)
        self._reach = _reaches[server]  # each thread has a cache object of its own; the outage is the process's

    def _guarded(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= self._reach.ask_again_at:
            try:
                found = getattr(super(), name)(*args, **kwargs)
            except (RedisError, OSError) as error:
                self._note_failure(error)
            else:
                self._reach.answered = True
                return found
        return getattr(self._local, name)(*args, **kwargs)

    def _note_failure(self, error: Exception) -> None:
        if self._reach.answered:
            self._local.clear()
        self._reach.answered = False
        self._reach.ask_again_at = time.monotonic() + RETRY_AFTER_SECONDS
        logger.warning("The Redis cache does not answer; using local memory: %s", type(error).__name__)


def _guard(name: str) -> Any:
    def method(self: FallbackRedisCache, *args: Any, **kwargs: Any) -> Any:
        return self._guarded(name, *args, **kwargs)

    method.__name__ = name
    return method


for _name in GUARDED:
    setattr(FallbackRedisCache, _name, _guard(_name))
