"""Dangerous acts want a second factor that was shown lately, not hours ago in a session left open."""

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.second_factor import is_verified
from accounts.selectors import has_second_factor

SHOWN_AT_KEY = "second_factor_shown_at"
SEND_AGAIN_KEY = "form_to_send_again"
RECENT_SECONDS = 15 * 60

Arguments = ParamSpec("Arguments")


def note_shown(request: HttpRequest) -> None:
    """Remember that the second factor has been shown now; say so to somebody whose form wasn't taken for want of it."""
    request.session[SHOWN_AT_KEY] = timezone.now().timestamp()
    if request.session.pop(SEND_AGAIN_KEY, False):
        messages.warning(request, _("What you sent before was not done. Send the form again."))


def is_recent(request: HttpRequest) -> bool:
    """Whether this session has shown its second factor within the last 15 minutes."""
    shown_at = request.session.get(SHOWN_AT_KEY, 0)
    return is_verified(request.user) and timezone.now().timestamp() - shown_at < RECENT_SECONDS


def to_second_factor(request: HttpRequest, *, wanted: str) -> HttpResponse:
    """To the page that asks for the second factor, or for somebody without one to where it is set up."""
    page = "accounts:verify" if has_second_factor(request.user) else "accounts:enrol"  # type: ignore[arg-type]
    query = f"?{urlencode({'next': wanted})}" if wanted else ""
    return HttpResponseRedirect(f"{reverse(page)}{query}")


def ask_again(request: HttpRequest) -> HttpResponse:
    """Lead a signed-in person to show the second factor once more, and back to this page. Nothing sent is done."""
    if request.method not in ("GET", "HEAD"):
        request.session[SEND_AGAIN_KEY] = True
    if is_verified(request.user):
        messages.info(request, _("This page asks for your second factor again once 15 minutes have passed."))
    return to_second_factor(request, wanted=request.get_full_path())


def two_factor_required(
    view: Callable[Concatenate[HttpRequest, Arguments], HttpResponse],
) -> Callable[Concatenate[HttpRequest, Arguments], HttpResponse]:
    """Open a view only to people who have shown their second factor within the last 15 minutes.

    Others are led to the sign-in or to the second factor, and back; what they sent meanwhile is not done.
    """

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return view(request, *args, **kwargs) if is_recent(request) else ask_again(request)

    return guarded


class RecentFactorAdminMixin(ModelAdmin):  # type: ignore[type-arg]
    """For a ModelAdmin, before its other bases: pages that open only with a recent second factor.

    `recent_factor_for` names them: "add", "change", "delete", "action". A page that somebody may only read stays open.
    """

    recent_factor_for: Collection[str] = frozenset({"add", "change", "delete", "action"})

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wanted = self.factor_wanted(request, "add", may=self.has_add_permission(request))
        return wanted or super().add_view(request, *args, **kwargs)

    def change_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wanted = self.factor_wanted(request, "change", may=self.has_change_permission(request))
        return wanted or super().change_view(request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wanted = self.factor_wanted(request, "delete", may=self.has_delete_permission(request))
        return wanted or super().delete_view(request, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # A list takes two kinds of forms: actions, and cells that are edited in place.
        kind = "change" if "_save" in request.POST else "action"
        wanted = self.factor_wanted(request, kind, may=request.method == "POST")
        return wanted or super().changelist_view(request, *args, **kwargs)

    def factor_wanted(self, request: HttpRequest, kind: str, *, may: bool) -> HttpResponse | None:
        """The way to the second factor where `kind` of page asks for a recent one and this request has none."""
        return ask_again(request) if may and kind in self.recent_factor_for and not is_recent(request) else None
