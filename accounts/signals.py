"""Signing in and out, in the audit log."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from accounts.models import User
from audit.services import record
from common.client_address import client_address


@receiver(user_logged_in)
def record_sign_in(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    _record("accounts.session.signed_in", request, actor=user, target=user)


@receiver(user_logged_out)
def record_sign_out(sender: Any, request: HttpRequest, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        _record("accounts.session.signed_out", request, actor=user, target=user)


@receiver(user_login_failed)
def record_failed_sign_in(
    sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any
) -> None:
    """The typed name is kept only where it is a user's: sometimes it is a password typed into the wrong field."""
    user = User.objects.filter(username=credentials.get("username", "")).first()
    _record("accounts.session.refused", request, target=user, details={"known_username": user is not None})


def _record(action: str, request: HttpRequest | None, *, actor: User | None = None, **what: Any) -> None:
    with transaction.atomic():
        record(action=action, actor=actor, address=client_address(request) if request else None, **what)
