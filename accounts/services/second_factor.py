"""Showing, renewing and resetting a second factor. Codes and seeds never reach the audit log."""

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_otp import verify_token
from django_otp.models import Device

from accounts.models import AuthenticatorDevice, BackupCode, BackupCodeDevice, User
from accounts.models.second_factor import BACKUP_CODE_COUNT, DIGITS, fingerprint_of, make_backup_code
from accounts.models.staff_session import SessionEnd
from accounts.selectors import has_second_factor, may_edit_staff, passkeys_of
from accounts.services.sessions import end_sessions
from audit.services import record
from common.errors import DomainError
from common.jalali import latin_digits


class SecondFactorRefused(DomainError):
    """A code wasn't accepted. `retry_after` says in how many seconds the next one may be tried; 0 is at once."""

    @property
    def retry_after(self) -> int:
        return int(self.extra.get("retry_after", 0))


def verify_second_factor(*, user: User, code: str) -> Device:
    """Check a code of the authenticator app, or a backup code, and give the device that accepted it.

    A code is used up by this. Digits may be Persian or Arabic. The two kinds are told apart by their form, and each
    has its own throttle. Raises SecondFactorRefused `code-wrong` or `code-throttled`.
    """
    typed = latin_digits(code).replace(" ", "").replace("-", "").strip()
    is_app_code = len(typed) == DIGITS and typed.isdecimal()
    model = AuthenticatorDevice if is_app_code else BackupCodeDevice
    device = model.objects.filter(user=user, confirmed=True).first()
    factor = "app" if is_app_code else "backup code"
    return check_code(user=user, device=device, code=typed, factor=factor)


def check_code(*, user: User, device: AuthenticatorDevice | BackupCodeDevice | None, code: str, factor: str) -> Device:
    """Have `device` check `code` under its throttle, and record the outcome. Raises as `verify_second_factor` does."""
    if device is not None:
        _refuse_throttled(device)
    with transaction.atomic():
        accepted = verify_token(user, device.persistent_id, code) if device else None
        verb = "verified" if accepted else "refused"
        record(
            action=f"accounts.second_factor.{verb}",
            actor=user,
            target=user,
            details={"factor": factor},
        )
    # Outside the transaction: a refusal's counter and audit row must stay.
    if accepted is None:
        wait = seconds_to_wait(device)
        raise SecondFactorRefused("code-wrong", _("This code is wrong or was used already."), retry_after=wait)
    return accepted


def _refuse_throttled(device: AuthenticatorDevice | BackupCodeDevice) -> None:
    wait = seconds_to_wait(device)
    if wait:
        words = _("Too many wrong codes. Try again in %(time)s.") % {"time": describe_wait(wait)}
        raise SecondFactorRefused("code-throttled", words, retry_after=wait)


def seconds_to_wait(device: AuthenticatorDevice | BackupCodeDevice | None) -> int:
    """After how many seconds `device` takes another code; 0 is now."""
    if device is None:
        return 0
    device.refresh_from_db()
    _allowed, reason = device.verify_is_allowed()
    until: dt.datetime | None = reason["locked_until"] if reason else None
    return int((until - timezone.now()).total_seconds()) + 1 if until else 0


def describe_wait(seconds: int) -> str:
    """A waiting time in the reader's language."""
    if seconds < 120:
        return ngettext("%(count)d second", "%(count)d seconds", seconds) % {"count": seconds}
    minutes = -(-seconds // 60)
    return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}


@transaction.atomic
def make_backup_codes(*, user: User, actor: User | None) -> list[str]:
    """Ten new backup codes in clear, to be shown once; the old ones end. Only keyed hashes are stored."""
    User.objects.select_for_update().get(pk=user.pk)
    device, _made = BackupCodeDevice.objects.get_or_create(user=user, confirmed=True, defaults={"name": "backup codes"})
    device.throttle_reset()
    device.codes.all().delete()
    codes = [make_backup_code() for _number in range(BACKUP_CODE_COUNT)]
    BackupCode.objects.bulk_create([BackupCode(device=device, fingerprint=fingerprint_of(code)) for code in codes])
    details = {"count": len(codes)}
    record(action="accounts.second_factor.backup_codes_made", actor=actor, target=user, details=details)
    return codes


@transaction.atomic
def reset_second_factor(*, user: User, actor: User | None, reason: str) -> None:
    """Take the second factor from `user`, passkeys included, and end their sessions.

    They enrol anew after the next sign-in; a session left open can't do it in their place.

    Raises DomainError `owners-only`; `reason-missing`; `own-factor`: one's own is replaced on the page for it, which
    asks for a code.
    """
    if actor and not may_edit_staff(actor):
        raise DomainError("owners-only", _("Only owners who aren't limited to scopes may reset a second factor."))
    if actor == user:
        raise DomainError("own-factor", _("Replace your own authenticator app on its page, which asks for a code."))
    if not reason.strip():
        raise DomainError("reason-missing", _("Give a reason for the reset."))
    details: dict[str, Any] = {"reason": reason.strip()[:500]}
    details["had_factor"] = has_second_factor(user)
    AuthenticatorDevice.objects.filter(user=user).delete()
    BackupCodeDevice.objects.filter(user=user).delete()
    passkeys_of(user).delete()
    end_sessions(user=user, actor=actor, how=SessionEnd.FACTOR_RESET)
    record(action="accounts.second_factor.reset", actor=actor, target=user, details=details)
