"""Adding, using and removing passkeys: two pages, and two pairs of JSON addresses for `passkeys.js`."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_POST

from accounts import services
from accounts.admin_scope import staff_user
from accounts.agents import describe_agent
from accounts.forms import PasskeyNameForm
from accounts.pages import open_session, show_page
from accounts.passkeys import PasskeyCeremony
from accounts.recent_factor import is_recent, two_factor_required
from accounts.second_factor import next_url
from accounts.selectors import has_second_factor, passkeys_of
from accounts.views.page import staff_page
from common.errors import DomainError

Endpoint = Callable[[HttpRequest], dict[str, Any]]


@staff_page
@two_factor_required
def add_passkey_page(request: HttpRequest) -> HttpResponse:
    """Ask for the new passkey's name; `passkeys.js` does the rest."""
    form = PasskeyNameForm(initial={"name": describe_agent(request.headers.get("User-Agent", ""))})
    return show_page(request, "add_passkey", _("Add a passkey"), form=form)


@staff_page
@two_factor_required
def remove_passkey_page(request: HttpRequest, passkey_id: int) -> HttpResponse:
    """Ask whether to remove a passkey, and on POST do it."""
    user = staff_user(request)
    overview = HttpResponseRedirect(reverse("accounts:overview"))
    passkey = passkeys_of(user).filter(pk=passkey_id).first()
    if request.method != "POST" and passkey is not None:
        return show_page(request, "remove_passkey", _("Remove a passkey"), passkey=passkey)
    try:
        services.remove_passkey(user=user, passkey_id=passkey_id)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The passkey was removed. Delete it on its device, too."))
    return overview


def _endpoint(view: Endpoint) -> Callable[[HttpRequest], HttpResponse]:
    """A JSON address for signed-in staff: 400 with `code` and `detail` for what a person may read."""

    @require_POST
    @never_cache
    @csrf_protect
    @wraps(view)
    def answer(request: HttpRequest) -> HttpResponse:
        try:
            if not request.user.is_authenticated or not has_second_factor(request.user):
                raise DomainError("second-factor-missing", _("Sign in and set up an authenticator app first."))
            return JsonResponse(view(request))
        except DomainError as error:
            return JsonResponse({"code": error.code, "detail": str(error)}, status=400)

    return answer


@_endpoint
def begin_adding_passkey(request: HttpRequest) -> dict[str, Any]:
    """What the browser needs to make a passkey."""
    _refuse_unless_recent(request)
    return PasskeyCeremony(request).begin(user=staff_user(request), adds=True)


@_endpoint
def finish_adding_passkey(request: HttpRequest) -> dict[str, Any]:
    """Take the passkey that the browser made."""
    _refuse_unless_recent(request)
    sent, ceremony = _sent(request), PasskeyCeremony(request)
    state = ceremony.take_state(adds=True)
    name = sent.get("name")
    services.add_passkey(
        user=staff_user(request),
        ceremony=ceremony,
        state=state,
        answer=sent.get("answer"),
        name=name if isinstance(name, str) else "",
    )
    messages.success(request, _("The passkey was added."))
    return {"go_to": reverse("accounts:overview")}


@_endpoint
def begin_passkey_check(request: HttpRequest) -> dict[str, Any]:
    """What the browser needs to use a passkey of the person who has signed in with their password."""
    return PasskeyCeremony(request).begin(user=staff_user(request), adds=False)


@_endpoint
def finish_passkey_check(request: HttpRequest) -> dict[str, Any]:
    """Open the session to a passkey that signed what it was asked to."""
    sent, ceremony = _sent(request), PasskeyCeremony(request)
    state = ceremony.take_state(adds=False)
    user = staff_user(request)
    passkey = services.verify_passkey(user=user, ceremony=ceremony, state=state, answer=sent.get("answer"))
    open_session(request, passkey)
    return {"go_to": next_url(request)}


def _refuse_unless_recent(request: HttpRequest) -> None:
    if not is_recent(request):
        words = _("Your second factor was shown more than 15 minutes ago. Open this page again.")
        raise DomainError("factor-not-recent", words)


def _sent(request: HttpRequest) -> dict[str, Any]:
    try:
        sent = json.loads(request.body)
    except (ValueError, RecursionError):  # neither JSON nor, perhaps, UTF-8; or nested without end
        sent = None
    if not isinstance(sent, dict):
        raise DomainError("malformed", _("This passkey was not accepted."))
    return sent
