"""The codes that an authenticator app would show."""

import base64

from django.utils import timezone
from django_otp.oath import TOTP

from accounts.models import AuthenticatorDevice
from accounts.models.second_factor import DIGITS, STEP_SECONDS


def app_code(device: AuthenticatorDevice, *, steps: int = 0) -> str:
    """The code of now, or so many steps of half a minute away."""
    totp = TOTP(base64.b32decode(device.seed), STEP_SECONDS, 0, DIGITS)
    totp.time = timezone.now().timestamp() + steps * STEP_SECONDS
    return f"{totp.token():0{DIGITS}d}"


def wrong_code(device: AuthenticatorDevice) -> str:
    """Six digits that none of the accepted steps shows."""
    right = {app_code(device, steps=steps) for steps in (-1, 0, 1)}
    return next(code for code in ("000000", "111111", "222222", "333333") if code not in right)
