"""Probes of what the site depends on. Each asks the thing itself, past pools and caches that fall back."""

import psycopg
import redis
from django.conf import settings
from django.db import connection
from redis.backoff import NoBackoff
from redis.retry import Retry

PROBE_SECONDS = 1.0


def probe_database() -> None:
    """Raises when PostgreSQL doesn't answer a query over a connection made just now."""
    parameters = connection.get_connection_params()
    for name in ("cursor_factory", "context", "prepare_threshold"):  # Django's own, of no use to a single query
        parameters.pop(name, None)
    with psycopg.connect(**{**parameters, "connect_timeout": PROBE_SECONDS}, autocommit=True) as fresh:
        fresh.execute("SELECT 1")


def probe_cache() -> None:
    """Raises when the cache's Redis doesn't answer; Django's cache would hide that by falling back to memory."""
    _ping(settings.REDIS_URL)


def probe_queue() -> None:
    """Raises when the Redis that holds Celery's queue doesn't answer."""
    _ping(settings.REDIS_QUEUE_URL)


def _ping(url: str) -> None:
    once = Retry(NoBackoff(), 0)
    with redis.Redis.from_url(
        url, socket_timeout=PROBE_SECONDS, socket_connect_timeout=PROBE_SECONDS, retry=once
    ) as client:
        client.ping()
