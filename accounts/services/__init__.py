"""Every change to staff, candidates and second factors."""

from accounts.services.candidates import create_candidate, update_candidate
from accounts.services.enrolment import confirm_enrolment, start_enrolment
from accounts.services.second_factor import (
    SecondFactorRefused,
    make_backup_codes,
    reset_second_factor,
    verify_second_factor,
)
from accounts.services.staff import create_staff_user, set_password, set_roles, set_scopes

__all__ = [
    "SecondFactorRefused",
    "confirm_enrolment",
    "create_candidate",
    "create_staff_user",
    "make_backup_codes",
    "reset_second_factor",
    "set_password",
    "set_roles",
    "set_scopes",
    "start_enrolment",
    "update_candidate",
    "verify_second_factor",
]
