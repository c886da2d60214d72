"""Writing the audit log."""

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import connection, models
from django.utils.translation import override

from audit.models import AuditLog
from common.text import clean_text


class AuditOutsideTransaction(RuntimeError):
    """`record` was called where its row could stay while the change it describes is rolled back, or the reverse."""


def record(
    *,
    action: str,
    actor: AbstractBaseUser | None,
    target: models.Model | None = None,
    details: dict[str, Any] | None = None,
    address: str | None = None,
) -> AuditLog:
    """Write one audit row in the caller's transaction, so that an act and its row stand or fall together.

    `action` reads `<app>.<noun>.<verb>`; `actor` is None for the system. Details must be JSON and hold no secrets.
    Raises AuditOutsideTransaction when no transaction is open.
    """
    if not connection.in_atomic_block:
        raise AuditOutsideTransaction(f"{action} must be recorded inside the transaction of its change")
    with override("en"):
        return AuditLog.objects.create(
            action=action,
            actor_id=actor.pk if actor else None,
            actor_label=clean_text(str(actor), 200) if actor else "",
            object_type=target._meta.label_lower if target else "",
            object_id=str(target.pk) if target else "",
            object_label=clean_text(str(target), 200) if target else "",
            address=address or None,
            details=details or {},
        )
