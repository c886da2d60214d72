from exports.resources.audit_log import AuditLogResource
from exports.resources.bot_user import BotUserResource
from exports.resources.columns import ExportResource

__all__ = ["AuditLogResource", "BotUserResource", "ExportResource"]
