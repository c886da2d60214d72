"""System checks with stable ids for combinations of settings that are dangerous together."""

import sys
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.http.request import validate_host

from common.crypto import parse_key, parse_key_ring

LOCAL_HOSTS = ("", "localhost", "127.0.0.1", "::1")


@register(Tags.security)
def check_keys(**_kwargs: Any) -> list[CheckMessage]:
    """Keys must be readable, and each must serve one purpose only."""
    try:
        ring = parse_key_ring(settings.FIELD_KEYS)
    except ValueError as error:
        hint = "Make one with `manage.py make_secrets`; it reads id:key,id:key with the active key first."
        return [Error(f"ELECTIONSITE_FIELD_KEYS can't be read: {error}.", hint=hint, id="electionsite.E001")]
    try:
        index_key = parse_key(settings.BLIND_INDEX_KEY)
    except ValueError as error:
        hint = "Make one with `manage.py make_secrets`."
        return [Error(f"ELECTIONSITE_BLIND_INDEX_KEY can't be read: {error}.", hint=hint, id="electionsite.E002")]
    try:
        audit_ring = parse_key_ring(settings.AUDIT_KEYS)
    except ValueError:
        return []  # audit.E001 tells
    entries = [*settings.FIELD_KEYS.split(","), *settings.AUDIT_KEYS.split(",")]
    key_texts = {entry.partition(":")[2].strip() for entry in entries} | {settings.BLIND_INDEX_KEY}
    keys = [*ring.values(), *audit_ring.values(), index_key]
    if len(set(keys)) < len(keys) or settings.SECRET_KEY in key_texts:
        hint = "Give SECRET_KEY, the field keys, the audit keys and the blind index key a value of their own each."
        return [Error("One key serves two purposes.", hint=hint, id="electionsite.E003")]
    return []


@register(Tags.security)
def check_environment(**_kwargs: Any) -> list[CheckMessage]:
    """The test environment hashes passwords in a way that takes no time, also an attacker's."""
    if settings.ENVIRONMENT != "test" or "pytest" in sys.modules:
        return []
    hint = "Set ELECTIONSITE_ENVIRONMENT to development or production."
    return [Error("The test environment is for the tests only.", hint=hint, id="electionsite.E008")]


@register(Tags.security)
def check_rate_limits(**_kwargs: Any) -> list[CheckMessage]:
    """A limit of nothing closes the site; attempts to sign in are what limits are most needed for."""
    limits = settings.RATE_LIMITS_PER_MINUTE
    closed = sorted(name for name, limit in limits.items() if limit < 1)
    if closed:
        hint = "Give each a number of at least 1; ELECTIONSITE_RATE_LIMITS=no switches all of them off."
        return [Error(f"These rate limits let nobody in: {', '.join(closed)}.", hint=hint, id="electionsite.E009")]
    if limits["sign-in"] > limits["default"]:
        hint = "Lower ELECTIONSITE_SIGN_IN_LIMIT_PER_MINUTE; 5 is usual."
        return [Warning("Passwords may be tried more often than pages read.", hint=hint, id="electionsite.W004")]
    return []


@register(Tags.security)
def check_production(**_kwargs: Any) -> list[CheckMessage]:
    """What is handy on one's own machine and dangerous in production."""
    if not settings.IS_PRODUCTION:
        return []
    return [*_openness(), *_addresses(), *_servers()]


def _openness() -> Iterator[CheckMessage]:
    if settings.DEBUG:
        yield Error(
            "ELECTIONSITE_DEBUG is on in production: error pages would show settings and data.",
            hint="Unset ELECTIONSITE_DEBUG.",
            id="electionsite.E004",
        )
    if "*" in settings.ALLOWED_HOSTS:
        yield Error(
            "ELECTIONSITE_ALLOWED_HOSTS accepts every host, so links in mails can be forged.",
            hint="List the host names of this system.",
            id="electionsite.E005",
        )
    if not settings.RATELIMIT_ENABLE:
        yield Warning(
            "Rate limits are switched off: passwords can be tried and pages loaded as fast as the servers answer.",
            hint="Unset ELECTIONSITE_RATE_LIMITS.",
            id="electionsite.W005",
        )
    if settings.TRUSTED_PROXY_COUNT == 0:
        yield Warning(
            "No proxy is trusted: behind nginx every client would seem to have nginx's address.",
            hint="Set ELECTIONSITE_TRUSTED_PROXY_COUNT to the number of proxies in front, usually 1.",
            id="electionsite.W001",
        )


def _addresses() -> Iterator[CheckMessage]:
    public = urlsplit(settings.PUBLIC_URL)
    # Unless it is named, the intake's is the public one, which then is to be told about once.
    for url, name in {settings.INTAKE_URL: "INTAKE", settings.PUBLIC_URL: "PUBLIC"}.items():
        address = urlsplit(url)
        if address.scheme != "https" or not address.hostname:
            yield Error(
                f"ELECTIONSITE_{name}_URL isn't an https:// address; Telegram sends updates to nothing else.",
                hint="Set it to the address that citizens' messengers reach, such as https://bots.example.ir.",
                id="electionsite.E006",
            )
    if public.hostname and not validate_host(public.hostname, settings.ALLOWED_HOSTS):
        yield Error(
            "The host of ELECTIONSITE_PUBLIC_URL isn't in ELECTIONSITE_ALLOWED_HOSTS: every page would be refused.",
            hint=f"Add {public.hostname} to ELECTIONSITE_ALLOWED_HOSTS.",
            id="electionsite.E007",
        )


def _servers() -> Iterator[CheckMessage]:
    if settings.REDIS_URL == settings.REDIS_QUEUE_URL:
        yield Warning(
            "The cache and Celery's queue share one Redis database: clearing the cache would empty the queue.",
            hint="Give REDIS_QUEUE_URL another database or server, or unset it.",
            id="electionsite.W002",
        )
    database = settings.DATABASES["default"]
    is_here = database["HOST"] in LOCAL_HOSTS or database["HOST"].startswith(("/", "@"))
    if not is_here and "sslmode" not in database["OPTIONS"]:
        yield Warning(
            "DATABASE_URL doesn't say whether the way to PostgreSQL is encrypted; by default it may silently not be.",
            hint="Add ?sslmode=verify-full, or ?sslmode=disable where the network between them is yours alone.",
            id="electionsite.W003",
        )
