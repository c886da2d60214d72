from accounts.models.candidate import Candidate
from accounts.models.scope import StaffScope
from accounts.models.second_factor import AuthenticatorDevice, BackupCode, BackupCodeDevice
from accounts.models.user import User

__all__ = ["AuthenticatorDevice", "BackupCode", "BackupCodeDevice", "Candidate", "StaffScope", "User"]
