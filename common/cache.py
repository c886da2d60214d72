"""A Redis cache that a missing Redis slows down but doesn't break."""

import logging
import time
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 5.0
GUARDED = (
    "add", "get", "set", "touch", "delete", "get_many", "has_key", "incr", "set_many", "delete_many", "clear",
)  # fmt: skip


class FallbackRedisCache(RedisCache):
    """Redis while it answers; this process's own memory for five seconds after it failed to.

    Counters and locks kept here then hold per process, not per system: callers that need more use PostgreSQL.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        local_params = {name: value for name, value in params.items() if name != "OPTIONS"}
        self._local = LocMemCache("fallback", local_params)
        self._redis_is_away_until = 0.0

    def _guarded(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if time.monotonic() >= self._redis_is_away_until:
            try:
                return getattr(super(), name)(*args, **kwargs)
            except (RedisError, OSError) as error:
                self._redis_is_away_until = time.monotonic() + RETRY_AFTER_SECONDS
                logger.warning("The Redis cache does not answer; using local memory: %s", type(error).__name__)
        return getattr(self._local, name)(*args, **kwargs)


def _guard(name: str) -> Any:
    def method(self: FallbackRedisCache, *args: Any, **kwargs: Any) -> Any:
        return self._guarded(name, *args, **kwargs)

    method.__name__ = name
    return method


for _name in GUARDED:
    setattr(FallbackRedisCache, _name, _guard(_name))
