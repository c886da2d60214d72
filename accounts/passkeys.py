"""Passkeys (WebAuthn): what we ask of a browser and accept from it. django-otp-webauthn does the ceremony."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django_otp_webauthn.helpers import WebAuthnHelper
from webauthn.helpers.structs import UserVerificationRequirement

ANSWER_WITHIN_SECONDS = 5 * 60


class PasskeyCeremony(WebAuthnHelper):  # type: ignore[misc]
    """Always with the authenticator's own check of its person: a found or borrowed one opens nothing."""

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request=request)

    def get_allowed_origins(self) -> list[str]:
        """The configured ones; outside production also this machine under the port that was free."""
        configured = list(settings.OTP_WEBAUTHN_ALLOWED_ORIGINS)
        return configured if settings.IS_PRODUCTION else [*configured, f"http://localhost:{self.request.get_port()}"]

    def get_generate_registration_options_kwargs(self, *, user: Any) -> dict[str, Any]:
        options: dict[str, Any] = super().get_generate_registration_options_kwargs(user=user)
        options["authenticator_selection"].user_verification = UserVerificationRequirement.REQUIRED
        return options

    def begin(self, *, user: Any, adds: bool) -> dict[str, Any]:
        """What the browser is asked, to add a passkey or to use one; the session remembers it for one answer."""
        if adds:
            options, state = self.register_begin(user=user)
        else:
            options, state = self.authenticate_begin(user=user, require_user_verification=True)
        self.request.session[_key(adds)] = {**state, "asked_at": timezone.now().timestamp()}
        return dict(options)

    def take_state(self, *, adds: bool) -> dict[str, Any] | None:
        """What `begin` remembered, once and within five minutes: an answer can't be sent a second time."""
        state: dict[str, Any] | None = self.request.session.pop(_key(adds), None)
        self.request.session.save()  # also when the answer turns out to be refused
        if state is None or timezone.now().timestamp() - state["asked_at"] > ANSWER_WITHIN_SECONDS:
            return None
        return state


def _key(adds: bool) -> str:
    return "passkey_to_add" if adds else "passkey_to_show"
