"""Signing in and out, in the audit log."""

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.dispatch import receiver

from accounts.models import User
from audit.services import record


@receiver(user_logged_in)
@transaction.atomic
def record_sign_in(sender: Any, user: User, **kwargs: Any) -> None:
    record(action="accounts.session.signed_in", actor=user, target=user)


@receiver(user_logged_out)
@transaction.atomic
def record_sign_out(sender: Any, user: User | None, **kwargs: Any) -> None:
    if user is not None:
        record(action="accounts.session.signed_out", actor=user, target=user)


@receiver(user_login_failed)
@transaction.atomic
def record_failed_sign_in(sender: Any, credentials: dict[str, Any], **kwargs: Any) -> None:
    """The typed name is kept only where it is a user's: sometimes it is a password typed into the wrong field."""
    user = User.objects.filter(username=credentials.get("username", "")).first()
    details = {"known_username": user is not None}
    record(action="accounts.session.refused", actor=None, target=user, details=details)
