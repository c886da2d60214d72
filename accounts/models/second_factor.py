"""Second factors: an authenticator app (TOTP, RFC 6238) and backup codes. Seeds are encrypted, codes are hashed."""

import base64
import secrets
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_otp.models import Device, ThrottlingMixin
from django_otp.oath import TOTP

from common.crypto import blind_index
from common.fields import EncryptedTextField

SEED_BYTES = 20  # RFC 4226, section 4: 160 bits are recommended
STEP_SECONDS = 30
DIGITS = 6
DRIFT_STEPS = 1
BACKUP_CODE_COUNT = 10
BACKUP_CODE_CHARACTERS = 10
# Base32 without look-alikes; ten of them hold 50 bits.
BACKUP_CODE_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def make_seed() -> str:
    """A new random seed in base32, as authenticator apps take it."""
    return base64.b32encode(secrets.token_bytes(SEED_BYTES)).decode()


class AuthenticatorDevice(ThrottlingMixin, Device):  # type: ignore[misc]
    """An authenticator app of a staff member. django-otp's own TOTP model keeps its seed in clear; this one doesn't."""

    seed = EncryptedTextField(_("seed"), default=make_seed, editable=False)
    last_step = models.BigIntegerField(default=-1, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("authenticator app")
        verbose_name_plural = _("authenticator apps")
        # Beside the device in use there may be its successor, until the successor's first code has come.
        constraints = [models.UniqueConstraint(fields=["user", "confirmed"], name="one_authenticator_per_user")]

    @property
    def config_url(self) -> str:
        """The `otpauth://` address that authenticator apps read from a QR code (Key URI Format)."""
        label = quote(f"{settings.OTP_TOTP_ISSUER}:{self.user.get_username()}")
        parameters = {"secret": self.seed, "issuer": settings.OTP_TOTP_ISSUER, "digits": DIGITS, "period": STEP_SECONDS}
        return f"otpauth://totp/{label}?{urlencode(parameters)}"

    def verify_token(self, token: str) -> bool:
        """Whether `token` is the code of now, one step before or after; each step is taken once only."""
        allowed, _reason = self.verify_is_allowed()
        code = _as_number(token)
        if not allowed or code is None:
            return False
        totp = TOTP(base64.b32decode(self.seed), STEP_SECONDS, 0, DIGITS)
        totp.time = timezone.now().timestamp()
        if not totp.verify(code, tolerance=DRIFT_STEPS, min_t=self.last_step + 1):
            self.throttle_increment()
            return False
        self.last_step = totp.t()
        self.throttle_reset(commit=False)
        self.save()
        return True

    def get_throttle_factor(self) -> float:
        return 1.0


def _as_number(token: str) -> int | None:
    digits = token.strip().replace(" ", "")
    return int(digits) if len(digits) == DIGITS and digits.isdecimal() else None


class BackupCodeDevice(ThrottlingMixin, Device):  # type: ignore[misc]
    """The set of backup codes of a staff member."""

    class Meta:
        verbose_name = _("set of backup codes")
        verbose_name_plural = _("sets of backup codes")
        constraints = [models.UniqueConstraint(fields=["user"], name="one_backup_set_per_user")]

    def verify_token(self, token: str) -> bool:
        """Whether `token` is an unused backup code; it is used up by this."""
        allowed, _reason = self.verify_is_allowed()
        if not allowed:
            return False
        used = self.codes.filter(fingerprint=fingerprint_of(token), used_at=None).update(used_at=timezone.now())
        if not used:
            self.throttle_increment()
            return False
        self.throttle_reset()
        return True

    def get_throttle_factor(self) -> float:
        return 1.0


class BackupCode(models.Model):  # noqa: DJ008 (it has nothing to be called by)
    """One backup code, kept as a keyed hash: 50 random bits need no slow one."""

    device = models.ForeignKey(BackupCodeDevice, on_delete=models.CASCADE, related_name="codes")
    fingerprint = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("backup code")
        verbose_name_plural = _("backup codes")
        constraints = [models.UniqueConstraint(fields=["device", "fingerprint"], name="backup_code_once")]


def make_backup_code() -> str:
    """A new random code such as `k7mfp-2xw9d`."""
    code = "".join(secrets.choice(BACKUP_CODE_ALPHABET) for _character in range(BACKUP_CODE_CHARACTERS))
    return f"{code[:5]}-{code[5:]}"


def fingerprint_of(code: str) -> str:
    """The hash by which a typed code is found; case, dashes and spaces don't matter."""
    plain = "".join(character for character in code.lower() if character.isalnum())
    return blind_index(plain, context="accounts.BackupCode") if plain else ""
