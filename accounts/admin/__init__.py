"""Staff and candidates in the admin."""

from accounts.admin.allowed_networks import AllowedNetworkAdmin
from accounts.admin.candidates import CandidateAdmin
from accounts.admin.sign_in_guards import SignInGuardAdmin
from accounts.admin.users import UserAdmin

__all__ = ["AllowedNetworkAdmin", "CandidateAdmin", "SignInGuardAdmin", "UserAdmin"]
