from exports.resources.audit_log import AuditLogResource
from exports.resources.bot_user import BotUserResource
from exports.resources.columns import ExportResource
from exports.resources.move_row import MoveRowResource
from exports.resources.plan_history import PlanHistoryResource

__all__ = ["AuditLogResource", "BotUserResource", "ExportResource", "MoveRowResource", "PlanHistoryResource"]
