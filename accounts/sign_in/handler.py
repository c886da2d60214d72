"""What django-axes asks: may this attempt go on, and what is answered when it may not."""

import datetime as dt
import math
from typing import Any

from axes.handlers.base import AxesHandler
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.services.sign_in import Attempt, note_failure, note_success, reserve_attempt


class SignInHandler(AxesHandler):  # type: ignore[misc]
    """axes is the door in front of every password, our guards are its memory.

    Its own handlers read the count before the password is looked at and write it after, so that simultaneous
    guesses slip through; they keep the names that people type; and each failure during a lock extends it. None of
    their tables is used.
    """

    def is_allowed(self, request: Any, credentials: dict[str, Any] | None = None) -> bool:
        """Whether the password may be looked at. axes asks once for each attempt, which is counted by this."""
        username = (credentials or {}).get("username")
        if username is None:  # another kind of proof than a name and a password
            return True
        request.sign_in_attempt = reserve_attempt(username=username, address=request.axes_ip_address)
        request.sign_in_locked_until = request.sign_in_attempt.locked_until
        return not is_locked(request)

    def user_login_failed(self, sender: Any, credentials: Any, request: Any = None, **kwargs: Any) -> None:
        attempt = _attempt_of(request)
        if attempt and not attempt.locked_until:
            request.sign_in_locked_until = note_failure(attempt=attempt)
            request.axes_locked_out = request.sign_in_locked_until is not None

    def user_logged_in(self, sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
        attempt = _attempt_of(request)
        if attempt:
            note_success(attempt=attempt)


def _attempt_of(request: Any) -> Attempt | None:
    return getattr(request, "sign_in_attempt", None)


def is_locked(request: Any) -> bool:
    """Whether the attempt to sign in that `request` made was refused without looking at its password."""
    attempt = _attempt_of(request)
    return attempt is not None and attempt.locked_until is not None


def seconds_left(until: dt.datetime) -> int:
    """How many whole seconds from now `until` is, at least one."""
    return max(1, math.ceil((until - timezone.now()).total_seconds()))


def lockout_response(request: HttpRequest, response: HttpResponse, _credentials: Any) -> HttpResponse:
    """The sign-in page, whose form says when the lock ends, with the status and header for programs."""
    response.status_code = 429
    response.headers["Retry-After"] = str(seconds_left(request.sign_in_locked_until))  # type: ignore[attr-defined]
    return response
