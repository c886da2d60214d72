"""The admin exists only for clients from the allowed networks."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from accounts.models import AllowedNetwork
from audit.security_events import log_security_event
from common.client_address import client_address, client_network
from common.logged_paths import logged_path
from common.networks import admits
from common.sampling import admit
from common.text import clean_text

EVENT_SECONDS = 60
LONGEST_PATH = 200

Arguments = ParamSpec("Arguments")
View = Callable[Concatenate[HttpRequest, Arguments], HttpResponseBase]


class AdminNetworkMiddleware:
    """Answers every address below the admin's, also the sign-in, as one that nobody serves to clients from outside.

    It must stand before whatever redirects to the sign-in, and behind all that adds headers to responses, so that
    nothing tells the two apart.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if f"{request.path.rstrip('/')}/".startswith(reverse("admin:index")):
            hide_from_outside(request)
        return self.get_response(request)


def require_admin_ip(view: View[Arguments]) -> View[Arguments]:
    """Hide a view that doesn't lie below the admin's address from clients outside the allowed networks."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponseBase:
        hide_from_outside(request)
        return view(request, *args, **kwargs)

    return guarded


def hide_from_outside(request: HttpRequest) -> None:
    """Raises Http404 for a client outside the allowed networks, and notes it once a minute for each.

    The list is read anew each time: a look-up in a table of a few rows costs less than the session's, and what is
    removed is removed at once, in every process, whether Redis is there or not.
    """
    address = client_address(request)
    networks = AllowedNetwork.objects.order_by().values_list("network", flat=True)
    if admits(networks, address):
        return
    others = admit(f"admin-network:{client_network(address)}", limit=1, window_seconds=EVENT_SECONDS)
    if others is not None:
        details = {"path": clean_text(logged_path(request.path), LONGEST_PATH), "refused_before": others}
        log_security_event("network.refused", details=details)
    # Without routes nobody offers a slash: for /admin that would be a redirect, which no other unknown address gets.
    request.urlconf = ()  # type: ignore[assignment]  # Django takes a list of routes, too
    raise Http404
