from accounts.models.allowed_network import AllowedNetwork
from accounts.models.candidate import Candidate
from accounts.models.password_record import PasswordRecord
from accounts.models.scope import StaffScope
from accounts.models.second_factor import AuthenticatorDevice, BackupCode, BackupCodeDevice
from accounts.models.sign_in_guard import SignInGuard
from accounts.models.staff_session import StaffSession
from accounts.models.user import User

__all__ = [
    "AllowedNetwork",
    "AuthenticatorDevice",
    "BackupCode",
    "BackupCodeDevice",
    "Candidate",
    "PasswordRecord",
    "SignInGuard",
    "StaffScope",
    "StaffSession",
    "User",
]
