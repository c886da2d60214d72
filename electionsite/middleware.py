"""Request middleware of the whole site."""

import re
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils import translation

from audit.security_events import log_security_event
from common.logged_paths import logged_path
from common.text import clean_text

LONGEST_PATH = 200
PUBLIC = re.compile(r"/(plans|api/plans)/?$")


class PublicPagesMiddleware:
    """Takes everybody for a stranger at public addresses, so that their answers are the same for all.

    Looking a session up would need the database, which may be away, and an answer that any cache may keep could carry
    somebody's cookie. It must stand before Django's sessions.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if PUBLIC.match(request.path_info):
            request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
        return self.get_response(request)


class LanguageMiddleware:
    """Persian unless the reader chose otherwise: the browser's own languages aren't asked.

    Staff sit at borrowed and English-language machines; a Persian house that turns English with the browser would
    surprise them.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        return response


class AllowedMethodsMiddleware:
    """Answers 405 to methods that nothing here uses; Django's admin would take TRACE or DELETE for GET."""

    methods = ("GET", "HEAD", "POST", "OPTIONS")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in self.methods:
            return HttpResponseNotAllowed(self.methods)
        return self.get_response(request)


class RefusedAccessMiddleware:
    """Notes each request that was refused for want of a right or of the page's token as a security event."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code == HTTPStatus.FORBIDDEN:
            actor = request.user if request.user.is_authenticated else None
            details = {"method": request.method, "path": clean_text(logged_path(request.path), LONGEST_PATH)}
            log_security_event("access.refused", actor=actor, details=details)
        return response


class SignOutMiddleware:
    """Has the browser forget the pages of somebody who signs out, also those behind its back button."""

    pages = frozenset({"admin:logout", "accounts:sign-out"})

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match
        if match and match.view_name in self.pages and not request.user.is_authenticated:
            response.headers["Clear-Site-Data"] = '"cache"'
        return response
