"""Pages for people who come with a link."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language

from accounts.models import User
from accounts.second_factor import is_verified
from audit.security_events import log_security_event
from exports.links.refusals import Refusal
from exports.links.rights import may_download
from exports.links.state import has_file, is_resumable
from exports.links.ticket import file_address
from exports.models import DownloadLink
from exports.pages.run_row import title_of

PROTECTION = {
    # no-transform: nobody on the way may make another file of it.
    "Cache-Control": "no-store, private, no-transform",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    # Not no-referrer: browsers then call the origin of the page's own form “null”, which Django's CSRF check refuses.
    "Referrer-Policy": "strict-origin",
}


def reader_of(request: HttpRequest) -> User | None:
    """Who is signed in, if anybody is."""
    return request.user if request.user.is_authenticated else None


def asked_language(request: HttpRequest) -> str:
    """The language that `?language=` asks for, or else the reader's own."""
    asked = request.GET.get("language", "")
    return asked if asked in dict(settings.LANGUAGES) else get_language() or settings.LANGUAGE_CODE


def protect(response: HttpResponseBase) -> HttpResponseBase:
    """Add the headers that keep a link and its file out of caches, search engines and others' logs."""
    for name, value in PROTECTION.items():
        response.headers[name] = value
    return response


def explain(request: HttpRequest, link: DownloadLink) -> HttpResponse:
    """What the link leads to, with the button that uses it up."""
    context = {"link": link, "run": link.run, "title": title_of(link.run.dataset)}
    return render(request, "exports/link/open.html", context)


def refuse(request: HttpRequest, refusal: Refusal, link: DownloadLink | None = None) -> HttpResponse:
    """Say what happened and what to do; noted as a security event.

    `link` only for readers who may know that there is one. A download that was begun by it can go on; and who may fetch
    the file gets a new link with a click.
    """
    reader = reader_of(request)
    details = {"reason": refusal.code, "link": str(link.number) if link else ""}
    log_security_event("export_link.refused", actor=reader, target=link.run if link else None, details=details)
    context = {"refusal": refusal, "link": link, **(_ways_on(request, link) if link else {})}
    return render(request, "exports/link/refused.html", context, status=refusal.status)


def _ways_on(request: HttpRequest, link: DownloadLink) -> dict[str, Any]:
    now, reader = timezone.now(), reader_of(request)
    return {
        "go_on_url": file_address(link) if is_resumable(link, now) and not link.delivered_at else "",
        "may_ask_again": bool(
            reader and is_verified(reader) and has_file(link.run, now) and may_download(reader, link.run)
        ),
    }
