"""Staff and candidates in the admin."""

from accounts.admin.candidates import CandidateAdmin
from accounts.admin.users import UserAdmin

__all__ = ["CandidateAdmin", "UserAdmin"]
