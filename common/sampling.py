"""Keeping a flood of equal things from being written down one by one."""

import time

from django.core.cache import cache

LEFT_OUT_KEPT_SECONDS = 7 * 24 * 60 * 60


def admit(key: str, *, limit: int, window_seconds: int) -> int | None:
    """How many equal things were left out before this one; None where this one is to be left out, too.

    `limit` of them are admitted in each window of `window_seconds`, counted in the cache: in the whole system, or
    in each process while Redis is away. What is left out is counted for a week, until the next one is admitted.
    """
    if _count(f"admitted:{key}:{int(time.time()) // window_seconds}", 2 * window_seconds) > limit:
        _count(f"left-out:{key}", LEFT_OUT_KEPT_SECONDS)
        return None
    left_out = int(cache.get(f"left-out:{key}", 0))
    if left_out:
        cache.delete(f"left-out:{key}")
    return left_out


def _count(key: str, timeout_seconds: int) -> int:
    cache.add(key, 0, timeout_seconds)
    try:
        return int(cache.incr(key))
    except ValueError:  # Redis went away, or came back, between the two calls: a new count begins
        cache.set(key, 1, timeout_seconds)
        return 1
