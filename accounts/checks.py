"""System checks of how staff sign in."""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security)
def check_passkey_host(**_kwargs: Any) -> list[CheckMessage]:
    """Browsers make passkeys only for the host of the page, or for a domain above it."""
    host = settings.OTP_WEBAUTHN_RP_ID
    hosts = {urlsplit(origin).hostname or "" for origin in settings.OTP_WEBAUTHN_ALLOWED_ORIGINS}
    if all(f".{name}".endswith(f".{host}") for name in hosts):
        return []
    hint = "Set ELECTIONSITE_PASSKEY_HOST to the host that staff type, or a domain above it."
    message = "ELECTIONSITE_PASSKEY_HOST isn't the host of ELECTIONSITE_PASSKEY_ORIGINS: no passkey would work."
    return [Error(message, hint=hint, id="electionsite.E030")]
