"""Every change to staff, candidates and second factors."""

from accounts.services.candidates import create_candidate, delete_candidate, update_candidate
from accounts.services.enrolment import confirm_enrolment, start_enrolment
from accounts.services.networks import allow_network, forbid_networks, lockout_words, set_network_note
from accounts.services.passkeys import add_passkey, remove_passkey, verify_passkey
from accounts.services.passwords import validate_password_strength
from accounts.services.second_factor import (
    SecondFactorRefused,
    make_backup_codes,
    reset_second_factor,
    verify_second_factor,
)
from accounts.services.sessions import (
    clean_sessions,
    close_session,
    end_session,
    end_sessions,
    start_session,
    use_session,
)
from accounts.services.sign_in import forget_outdated_guards, unlock_sign_in
from accounts.services.staff import create_staff_user, set_password, set_roles, set_scopes

__all__ = [
    "SecondFactorRefused",
    "add_passkey",
    "allow_network",
    "clean_sessions",
    "close_session",
    "confirm_enrolment",
    "create_candidate",
    "create_staff_user",
    "delete_candidate",
    "end_session",
    "end_sessions",
    "forbid_networks",
    "forget_outdated_guards",
    "lockout_words",
    "make_backup_codes",
    "remove_passkey",
    "reset_second_factor",
    "set_network_note",
    "set_password",
    "set_roles",
    "set_scopes",
    "start_enrolment",
    "start_session",
    "unlock_sign_in",
    "update_candidate",
    "use_session",
    "validate_password_strength",
    "verify_passkey",
    "verify_second_factor",
]
