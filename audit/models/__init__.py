"""What happened, and the seals that prove that nobody changed it."""

from audit.models.log import AuditLog
from audit.models.seal import AuditSeal
from audit.models.seal_destination import SealDestination

__all__ = ["AuditLog", "AuditSeal", "SealDestination"]
