"""Admin pages whose changes and sensitive reads are audited, and the audit log's own pages."""

from audit.admin.audited import AuditedModelAdmin
from audit.admin.log import AuditLogAdmin
from audit.admin.reads import SensitiveReadsMixin
from audit.admin.seals import AuditSealAdmin, SealDestinationAdmin

__all__ = ["AuditLogAdmin", "AuditSealAdmin", "AuditedModelAdmin", "SealDestinationAdmin", "SensitiveReadsMixin"]
