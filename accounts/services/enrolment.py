"""Enrolling an authenticator app, the first one or a new one in the old one's place."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import AuthenticatorDevice, User
from accounts.selectors import has_authenticator
from accounts.services.second_factor import SecondFactorRefused, check_code, make_backup_codes, verify_second_factor
from audit.services import record
from common.errors import DomainError


@transaction.atomic
def start_enrolment(*, user: User, device_id: int | None) -> AuthenticatorDevice:
    """The device whose seed the person may scan: the unconfirmed one `device_id`, or a new one.

    The caller keeps the device's number in the session. A seed thus survives a reload, but whoever opens the page in
    another session gets another seed: one that somebody else has seen must never become the factor.
    """
    User.objects.select_for_update().get(pk=user.pk)
    waiting = AuthenticatorDevice.objects.filter(user=user, confirmed=False)
    device: AuthenticatorDevice | None = waiting.filter(pk=device_id).first()
    if device is None:
        waiting.delete()
        device = AuthenticatorDevice.objects.create(user=user, confirmed=False, name="authenticator app")
        record(action="accounts.second_factor.enrolment_started", actor=user, target=user)
    return device


def confirm_enrolment(
    *, user: User, device_id: int | None, code: str, current_code: str = ""
) -> tuple[AuthenticatorDevice, list[str]]:
    """Make the unconfirmed device `device_id` the second factor of `user`, who proves by `code` to have its seed.

    Gives the device and ten backup codes in clear, to be shown once. Somebody who has a factor already must show it
    once more with `current_code`; the old one ends. Raises SecondFactorRefused for a wrong code (`extra["field"]`
    names which), DomainError `enrolment-outdated` when the device has been replaced or confirmed meanwhile.
    """
    device = AuthenticatorDevice.objects.filter(user=user, pk=device_id, confirmed=False).first()
    if device is None:
        raise _outdated()
    has_factor = has_authenticator(user)
    if has_factor:
        _check_current(user, current_code)
    try:
        check_code(user=user, device=device, code=code, factor="new app")
    except SecondFactorRefused as error:
        error.extra["field"] = "code"
        raise
    return _put_in_place(user, device.pk, may_replace=has_factor)


def _check_current(user: User, code: str) -> None:
    try:
        verify_second_factor(user=user, code=code)
    except SecondFactorRefused as error:
        error.extra["field"] = "current_code"
        raise


@transaction.atomic
def _put_in_place(user: User, device_id: int, *, may_replace: bool) -> tuple[AuthenticatorDevice, list[str]]:
    User.objects.select_for_update().get(pk=user.pk)
    device = AuthenticatorDevice.objects.filter(user=user, pk=device_id, confirmed=False).first()
    if device is None or (has_authenticator(user) and not may_replace):
        raise _outdated()
    replaced, _per_model = AuthenticatorDevice.objects.filter(user=user, confirmed=True).delete()
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    details = {"replaced": bool(replaced)}
    record(action="accounts.second_factor.enrolled", actor=user, target=user, details=details)
    return device, make_backup_codes(user=user, actor=user)


def _outdated() -> DomainError:
    return DomainError("enrolment-outdated", _("This QR code is no longer valid. Scan the one below."))
