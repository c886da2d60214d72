"""System checks of the audit log's keys, copies and alarms."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import ImproperlyConfigured

from audit.seals.destinations import configured_destinations
from common.crypto import parse_key_ring


@register(Tags.security)
def check_audit(**_kwargs: Any) -> list[CheckMessage]:
    """Keys and destinations must be readable; in production somebody elsewhere must keep seals and hear alarms."""
    found: list[CheckMessage] = []
    try:
        parse_key_ring(settings.AUDIT_KEYS)
    except ValueError as error:
        hint = "Make one with `manage.py make_secrets`; it reads id:key,id:key with the sealing key first."
        found.append(Error(f"ELECTIONSITE_AUDIT_KEYS can't be read: {error}.", hint=hint, id="audit.E001"))
    try:
        configured_destinations()
    except ImproperlyConfigured as error:
        found.append(Error(str(error), id="audit.E002"))
    return [*found, *_elsewhere()] if settings.IS_PRODUCTION else found


def _elsewhere() -> list[CheckMessage]:
    found: list[CheckMessage] = []
    if not settings.AUDIT_SEAL_COPIES:
        text = "No copy of the audit log's seals is kept off this machine: a log cut off at its end would look whole."
        hint = "Set ELECTIONSITE_AUDIT_SEAL_COPIES."
        found.append(Warning(text, hint=hint, id="audit.W001"))
    if not settings.ALARM_ADDRESSES:
        text = "Nobody is told by mail when auditing stops or the log was tampered with."
        hint = "Set ELECTIONSITE_ALARM_ADDRESSES and ELECTIONSITE_MAIL_URL."
        found.append(Warning(text, hint=hint, id="audit.W002"))
    return found
