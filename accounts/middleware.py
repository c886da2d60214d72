"""No page for a session that has ended, and none of the admin without sign-in and second factor."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import resolve, reverse
from django.utils.translation import gettext_lazy as _

from accounts import services
from accounts.models import StaffSession, User
from accounts.models.staff_session import SessionEnd
from accounts.recent_factor import to_second_factor
from accounts.second_factor import is_verified
from audit.origin import SESSION_ID_KEY

SIGN_IN = "admin:login"
SIGN_OUT = "admin:logout"
OPEN_TO_SIGNED_IN = frozenset(
    f"accounts:{page}" for page in ("verify", "enrol", "sign-out", "begin-passkey-check", "finish-passkey-check")
)
WHY_SIGNED_OUT = {
    SessionEnd.IDLE: _("You were signed out: nothing was done here for 30 minutes."),
    SessionEnd.EXPIRED: _("You were signed out: a session lasts 12 hours at most."),
    SessionEnd.ENDED: _("You were signed out: this session has been ended."),
}


class StaffSessionMiddleware:
    """Signs out a session that has reached its limits or was ended elsewhere; the others get `request.staff_session`.

    The database is asked with each request, so it holds also where the cache remembers a session that has ended.
    It must stand after Django's sessions, messages and authentication.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Webhooks bring no cookie, and shall not cost a session.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            self._use(request, request.user)
        return self.get_response(request)

    def _use(self, request: HttpRequest, user: User) -> None:
        public_id = request.session.get(SESSION_ID_KEY, "")
        found = services.use_session(user=user, public_id=public_id)
        if isinstance(found, StaffSession):
            request.staff_session = found  # type: ignore[attr-defined]
            return
        request.session.flush()
        request.user = AnonymousUser()
        messages.info(request, WHY_SIGNED_OUT.get(found, WHY_SIGNED_OUT[SessionEnd.ENDED]))


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
            return to_second_factor(request, wanted=request.GET.get("next", ""))
        if name == SIGN_OUT:  # the admin's own view would lead back to its home without signing out
            return HttpResponseRedirect(reverse("accounts:sign-out"), preserve_request=True)
        return to_second_factor(request, wanted=request.get_full_path())


def _url_name(request: HttpRequest) -> str:
    try:
        return resolve(request.path_info).view_name
    except Http404:
        return ""
