"""Signing in and out: the sessions of staff, and their rows in the audit log."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest
from django_otp import DEVICE_ID_SESSION_KEY

from accounts import services
from accounts.models import StaffSession, User
from accounts.models.staff_session import SessionEnd
from accounts.recent_factor import SHOWN_AT_KEY
from accounts.sign_in.handler import is_locked
from audit.origin import SESSION_ID_KEY, current_origin
from audit.services import record


@receiver(user_logged_in)
@transaction.atomic
def begin_session(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    if _close_present(request, SessionEnd.SIGNED_IN_AGAIN):
        # Django keeps the session of somebody who signs in twice. It begins anew, the second factor included.
        for name in (DEVICE_ID_SESSION_KEY, SHOWN_AT_KEY):
            request.session.pop(name, None)
        request.session.cycle_key()
    session = services.start_session(user=user, origin=current_origin())
    request.session[SESSION_ID_KEY] = session.public_id
    record(action="accounts.session.signed_in", actor=user, target=user)


@receiver(user_logged_out)
@transaction.atomic
def finish_session(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    _close_present(request, SessionEnd.SIGNED_OUT)
    if user is not None:
        record(action="accounts.session.signed_out", actor=user, target=user)


def _close_present(request: HttpRequest, how: SessionEnd) -> bool:
    """End the session that the request came with, if any. The middleware found it: Django may have emptied its own."""
    present: StaffSession | None = getattr(request, "staff_session", None)
    if present is not None:
        services.close_session(session=present, how=how)
    return present is not None


@receiver(user_login_failed)
@transaction.atomic
def record_failed_sign_in(
    sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    """The typed name is kept only where it is a user's: sometimes it is a password typed into the wrong field."""
    user = User.objects.filter(username=credentials.get("username", "")).first()
    details = {"known_username": user is not None}
    if is_locked(request):  # the password wasn't looked at
        details["locked"] = True
    record(action="accounts.session.refused", actor=None, target=user, details=details)
