"""System checks with stable ids for combinations of settings that are dangerous together."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from common.crypto import parse_key, parse_key_ring


@register(Tags.security)
def check_keys(**_kwargs: Any) -> list[CheckMessage]:
    """Keys must be readable, and each must serve one purpose only."""
    found: list[CheckMessage] = []
    try:
        ring = parse_key_ring(settings.FIELD_KEYS)
    except ValueError as error:
        return [
            Error(
                f"ELECTIONSITE_FIELD_KEYS can't be read: {error}.",
                hint="Make one with `manage.py make_secrets`; it reads id:key,id:key with the active key first.",
                id="electionsite.E001",
            )
        ]
    try:
        index_key = parse_key(settings.BLIND_INDEX_KEY)
    except ValueError as error:
        return [
            Error(
                f"ELECTIONSITE_BLIND_INDEX_KEY can't be read: {error}.",
                hint="Make one with `manage.py make_secrets`.",
                id="electionsite.E002",
            )
        ]
    if index_key in ring.values() or settings.SECRET_KEY in (settings.FIELD_KEYS, settings.BLIND_INDEX_KEY):
        found.append(
            Error(
                "One key serves two purposes.",
                hint="Give SECRET_KEY, the field keys and the blind index key a value of their own each.",
                id="electionsite.E003",
            )
        )
    return found


@register(Tags.security)
def check_production(**_kwargs: Any) -> list[CheckMessage]:
    """What is handy on one's own machine and dangerous in production."""
    if not settings.IS_PRODUCTION:
        return []
    found: list[CheckMessage] = []
    if settings.DEBUG:
        found.append(
            Error(
                "ELECTIONSITE_DEBUG is on in production: error pages would show settings and data.",
                hint="Unset ELECTIONSITE_DEBUG.",
                id="electionsite.E004",
            )
        )
    if "*" in settings.ALLOWED_HOSTS:
        found.append(
            Error(
                "ELECTIONSITE_ALLOWED_HOSTS accepts every host, so links in mails can be forged.",
                hint="List the host names of this system.",
                id="electionsite.E005",
            )
        )
    if not settings.PUBLIC_URL.startswith("https://"):
        found.append(
            Error(
                "ELECTIONSITE_PUBLIC_URL isn't an https:// address; Telegram sends updates to nothing else.",
                hint="Set it to the address that citizens' messengers reach, such as https://bots.example.ir.",
                id="electionsite.E006",
            )
        )
    if settings.TRUSTED_PROXY_COUNT == 0:
        found.append(
            Warning(
                "No proxy is trusted: behind nginx every client would seem to have nginx's address.",
                hint="Set ELECTIONSITE_TRUSTED_PROXY_COUNT to the number of proxies in front, usually 1.",
                id="electionsite.W001",
            )
        )
    return found
