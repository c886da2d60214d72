"""No page of the admin without sign-in and second factor."""

from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import resolve, reverse

from accounts.second_factor import is_verified
from accounts.selectors import has_authenticator

SIGN_IN = "admin:login"
SIGN_OUT = "admin:logout"
OPEN_TO_SIGNED_IN = frozenset({"accounts:verify", "accounts:enrol", "accounts:sign-out"})


class SecondFactorMiddleware:
    """Sends sessions that haven't shown a second factor to do so, from every address below the admin's.

    It works by address, not by view: a view below the admin that forgot its own check, or an address nobody serves,
    is closed, too. It must stand after django-otp's middleware.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._way_in(request) or self.get_response(request)

    def _way_in(self, request: HttpRequest) -> HttpResponse | None:
        """Where this request has to go first, or None."""
        home = reverse("admin:index")
        if not f"{request.path.rstrip('/')}/".startswith(home) or is_verified(request.user):
            return None
        name = _url_name(request)
        if not request.user.is_authenticated:
            sign_in = resolve_url(settings.LOGIN_URL)
            return None if name == SIGN_IN else redirect_to_login(request.get_full_path(), sign_in)
        if name in OPEN_TO_SIGNED_IN or (name == SIGN_IN and request.method == "POST"):
            return None
        if name == SIGN_IN:  # half signed in already: on to the other half
            return _to_second_factor(request, wanted=request.GET.get("next", ""))
        if name == SIGN_OUT:  # the admin's own view would lead back to its home without signing out
            return HttpResponseRedirect(reverse("accounts:sign-out"), preserve_request=True)
        return _to_second_factor(request, wanted=request.get_full_path())


def _url_name(request: HttpRequest) -> str:
    try:
        return resolve(request.path_info).view_name
    except Http404:
        return ""


def _to_second_factor(request: HttpRequest, *, wanted: str) -> HttpResponse:
    page = "accounts:verify" if has_authenticator(request.user) else "accounts:enrol"  # type: ignore[arg-type]
    query = f"?{urlencode({'next': wanted})}" if wanted else ""
    return HttpResponseRedirect(f"{reverse(page)}{query}")
