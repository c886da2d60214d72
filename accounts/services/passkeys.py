"""Passkeys as a second factor: adding, showing and removing them. The first factor enrolled is always an app."""

from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django_otp_webauthn.exceptions import OTPWebAuthnApiError
from django_otp_webauthn.models import WebAuthnCredential
from webauthn.helpers.exceptions import WebAuthnException

from accounts.models import User
from accounts.passkeys import PasskeyCeremony
from accounts.selectors import has_authenticator, passkeys_of
from audit.services import record
from common.errors import DomainError
from common.text import clean_text

LONGEST_NAME = 64
PASSKEYS_AT_MOST = 10
# The last four: an answer whose parts are of another kind than they should be.
UNACCEPTABLE = (OTPWebAuthnApiError, WebAuthnException, ValueError, TypeError, LookupError, AttributeError)


def add_passkey(
    *, user: User, ceremony: PasskeyCeremony, state: dict[str, Any] | None, answer: Any, name: str
) -> WebAuthnCredential:
    """Make what the browser answered a passkey of `user`, called `name`.

    `state` is what `PasskeyCeremony.take_state` gave. Raises DomainError `passkey-unnamed`, `passkeys-too-many`,
    `passkey-refused`.
    """
    name = clean_text(name, LONGEST_NAME).strip()
    if not name:
        raise DomainError("passkey-unnamed", _("Give the passkey a name, such as the device that holds it."))
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if passkeys_of(user).count() >= PASSKEYS_AT_MOST:
            words = _("You have %(count)d passkeys. Remove one first.") % {"count": PASSKEYS_AT_MOST}
            raise DomainError("passkeys-too-many", words)
        passkey = _accepted(ceremony.register_complete, user, state, answer)
        passkey.name = name
        passkey.save(update_fields=["name"])
        record(action="accounts.passkey.add", actor=user, target=user, details={"name": name, "passkey": passkey.pk})
    return passkey


def verify_passkey(
    *, user: User, ceremony: PasskeyCeremony, state: dict[str, Any] | None, answer: Any
) -> WebAuthnCredential:
    """The passkey of `user` that signed the answer. Raises DomainError `passkey-refused`; both are recorded."""
    try:
        with transaction.atomic():
            passkey = _accepted(ceremony.authenticate_complete, user, state, answer)
            record(
                action="accounts.second_factor.verified",
                actor=user,
                target=user,
                details={"factor": "passkey", "passkey": passkey.pk},
            )
    except DomainError:
        with transaction.atomic():
            details = {"factor": "passkey"}
            record(action="accounts.second_factor.refused", actor=user, target=user, details=details)
        raise
    return passkey


@transaction.atomic
def remove_passkey(*, user: User, passkey_id: int) -> None:
    """Take a passkey away; sessions that showed it have to show another factor.

    Raises DomainError `passkey-not-found`, `last-factor`.
    """
    User.objects.select_for_update().get(pk=user.pk)
    passkey = passkeys_of(user).filter(pk=passkey_id).first()
    if passkey is None:
        raise DomainError("passkey-not-found", _("There is no such passkey."))
    if not has_authenticator(user) and passkeys_of(user).count() == 1:
        raise DomainError("last-factor", _("This is your only second factor. Set up an authenticator app first."))
    details = {"name": passkey.name, "passkey": passkey.pk}
    passkey.delete()
    record(action="accounts.passkey.remove", actor=user, target=user, details=details)


def _accepted(
    complete: Callable[..., WebAuthnCredential], user: User, state: dict[str, Any] | None, answer: Any
) -> WebAuthnCredential:
    if state is None:
        raise DomainError("passkey-refused", _("This took too long, or was answered already. Try again."))
    try:
        with transaction.atomic():
            passkey = complete(user=user, state=state, data=answer)
    except (*UNACCEPTABLE, IntegrityError) as error:  # the last: this passkey is somebody's already
        raise DomainError("passkey-refused", _("This passkey was not accepted.")) from error
    if not passkey.confirmed:
        raise DomainError("passkey-refused", _("This passkey was not accepted."))
    return passkey
