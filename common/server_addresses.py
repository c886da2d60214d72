"""Reading the addresses of PostgreSQL and Redis servers, TCP and Unix sockets alike."""

from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

import psycopg
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

POSTGRESQL_SCHEMES = ("postgresql", "postgres")
REDIS_SCHEMES = ("redis", "rediss", "unix")


def database_settings(url: str) -> dict[str, Any]:
    """Django's settings for a database's address, read by libpq's own rules, so whatever psql takes works here.

    Raises ImproperlyConfigured when it isn't the address of a PostgreSQL database.
    """
    if url.partition("://")[0] not in POSTGRESQL_SCHEMES:
        raise ImproperlyConfigured("DATABASE_URL must begin with postgresql://")
    try:
        parts: dict[str, Any] = dict(conninfo_to_dict(url))
    except psycopg.ProgrammingError as error:
        raise ImproperlyConfigured(f"DATABASE_URL can't be read: {str(error).strip()}") from None
    named = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    found = {setting: str(parts.pop(part, "") or "") for setting, part in named.items()}
    return {"ENGINE": "django.db.backends.postgresql", **found, "OPTIONS": parts}


def queue_url(*, cache_url: str, wanted: str = "") -> str:
    """The address of the queue's Redis: `wanted`, or in the cache's server the database beside the cache's.

    Beside, not in: clearing Django's Redis cache empties its whole database. The neighbour of 0 is 1, of 1 is 0,
    of 2 is 3, so that it exists whatever the number of databases (16 as Redis comes).
    """
    parts = _split(wanted or cache_url)
    number = _database_number(parts)
    return wanted or _with_database(parts, number ^ 1)


def celery_address(redis_url: str) -> str:
    """How Celery wants the address of a Redis."""
    parts = _split(redis_url)
    if parts.scheme != "unix":
        return redis_url
    options = [pair for pair in parse_qsl(parts.query) if pair[0] != "db"]
    query = urlencode([("virtual_host", _database_number(parts)), *options])
    return f"redis+socket://{parts.netloc}{parts.path}?{query}"


def _split(url: str) -> SplitResult:
    parts = urlsplit(url)
    if parts.scheme not in REDIS_SCHEMES:
        raise ImproperlyConfigured("REDIS_URL and REDIS_QUEUE_URL must begin with redis://, rediss:// or unix://")
    return parts


def _database_number(parts: SplitResult) -> int:
    text = dict(parse_qsl(parts.query)).get("db") or ("" if parts.scheme == "unix" else parts.path.strip("/"))
    if text and not text.isdecimal():
        raise ImproperlyConfigured(f"{text!r} is no number of a Redis database")
    return int(text or 0)


def _with_database(parts: SplitResult, number: int) -> str:
    options = [pair for pair in parse_qsl(parts.query) if pair[0] != "db"]
    if parts.scheme == "unix":
        return f"unix://{parts.netloc}{parts.path}?{urlencode([*options, ('db', number)])}"
    return parts._replace(path=f"/{number}", query=urlencode(options)).geturl()
