"""The ticket that a browser gets for using a link: by it alone the file is fetched, and a broken download goes on."""

import hashlib
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from exports.models import DownloadLink

TICKET_BYTES = 32


def new_ticket() -> str:
    """A new random ticket."""
    return secrets.token_urlsafe(TICKET_BYTES)


def hash_of(ticket: str) -> str:
    """What is kept of a ticket: SHA-256 in hex. It is random enough not to need a slow hash."""
    return hashlib.sha256(ticket.encode()).hexdigest()


def give_ticket(response: HttpResponse, link: DownloadLink, ticket: str) -> None:
    """Have the browser keep the ticket of a link that it has just used, for as long as a download may go on."""
    response.set_cookie(
        _cookie_name(),
        ticket,
        expires=link.resumable_until,
        path=file_address(link),  # nowhere else, or many downloads would make the browser's requests too long
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",  # a download manager in the browser that goes on counts as coming from elsewhere
    )


def holds_ticket(request: HttpRequest, link: DownloadLink) -> bool:
    """Whether this browser is the one that used the link."""
    ticket = request.COOKIES.get(_cookie_name(), "")
    return bool(ticket and link.ticket_hash) and constant_time_compare(hash_of(ticket), link.ticket_hash)


def file_address(link: DownloadLink) -> str:
    """Where the link's file is fetched, with the ticket."""
    return reverse("export-links:file", args=[link.number.hex])


def _cookie_name() -> str:
    # Not `__Host-`: browsers send such a cookie everywhere. Both prefixes are taken under TLS only.
    return f"{'__Secure-' if settings.SESSION_COOKIE_SECURE else ''}export-ticket"
