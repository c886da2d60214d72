"""How often whom may ask what: the table of limits, and the middleware that keeps to it."""

import re
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.cache import add_never_cache_headers
from django.utils.translation import ngettext

from audit.security_events import log_security_event
from common.logged_paths import logged_path
from common.rate_limits import RateLimit, Usage, by_address
from common.text import clean_text

LONGEST_PATH = 200

# A probe that is refused takes a healthy server out of service. What browsers report has a limit of its own beside the
# view.
UNLIMITED = re.compile(r"/(health|metrics|csp-report)(/|$)")


def _is_redirect(response: HttpResponse) -> bool:
    return response.status_code == 302


# The first that covers a request counts it, and no other.
RATE_LIMITS = (
    # Only who signs in is led on. Their attempts are given back, so that of an office behind one address any number
    # may come in the morning, while together they may mistype a password this often. The page for a new password
    # asks for the old one, so it is one more place to guess.
    RateLimit(
        "sign-in",
        re.compile(r"/admin/(login|password_change)/?$"),
        methods=frozenset({"POST"}),
        counted_by=by_address,
        gives_back=_is_redirect,
    ),
    RateLimit("api", re.compile(r"/(.+/)?api/")),
    RateLimit("download", re.compile(r"/admin/exports/.|/exports/[df]/|.+/(export|download)/?$")),
    RateLimit("default", re.compile("")),
)


class RateLimitMiddleware:
    """Answers 429 to whoever asks too often, and says when to come back.

    It must stand behind the sign-in's middleware, since people are told apart, and before what costs more. For
    clients without a session that asks no database.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if UNLIMITED.match(request.path_info):
            return self.get_response(request)
        limit = next(limit for limit in RATE_LIMITS if limit.covers(request))
        usage = limit.count(request)
        if usage and usage.is_exceeded:
            return _refuse(request, limit, usage)
        response = self.get_response(request)
        limit.settle(request, response)
        return response


def _refuse(request: HttpRequest, limit: RateLimit, usage: Usage) -> HttpResponse:
    if usage.is_first_refusal:
        actor = request.user if request.user.is_authenticated else None
        path = clean_text(logged_path(request.path), LONGEST_PATH)
        details = {"limit": limit.name, "per_minute": usage.limit, "path": path}
        log_security_event("rate_limit.exceeded", actor=actor, details=details)
    words = ngettext("Try again in %(count)d second.", "Try again in %(count)d seconds.", usage.seconds_left)
    advice = words % {"count": usage.seconds_left}
    response = _json(advice, usage) if _wants_json(request) else render(request, "429.html", {"advice": advice})
    response.status_code = 429
    response.headers["Retry-After"] = str(usage.seconds_left)
    add_never_cache_headers(response)
    return response


def _json(advice: str, usage: Usage) -> HttpResponse:
    return JsonResponse({"error": "rate-limited", "message": advice, "retry_after_seconds": usage.seconds_left})


def _wants_json(request: HttpRequest) -> bool:
    is_api = "/api/" in request.path_info
    return is_api or request.get_preferred_type(["text/html", "application/json"]) == "application/json"
