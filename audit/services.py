"""Writing the audit log."""

import ipaddress
import json
import logging
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import Error, connection, models
from django.utils import timezone
from django.utils.translation import override

from audit.models import AuditLog
from audit.origin import current_origin
from common.text import clean_text

logger = logging.getLogger(__name__)

LONGEST_LABEL = 200
COLUMNS = (
    "occurred_at", "action", "actor_id", "actor_label", "object_type", "object_id", "object_label",
    "address", "agent", "session_id", "request_id", "details",
)  # fmt: skip
INSERT = (
    f"INSERT INTO {AuditLog._meta.db_table} ({', '.join(COLUMNS)}) "  # noqa: S608 (our own names)
    f"VALUES ({', '.join(['%s'] * len(COLUMNS))}) RETURNING id"
)


class AuditOutsideTransaction(RuntimeError):
    """`record` was called where its row could stay while the change it describes is rolled back, or the reverse."""


class AuditUnavailable(RuntimeError):
    """The audit row could not be written, so the act must not happen; the transaction is rolled back."""


def record(
    *,
    action: str,
    actor: AbstractBaseUser | None,
    target: models.Model | None = None,
    details: dict[str, Any] | None = None,
) -> AuditLog:
    """Write one audit row in the caller's transaction, so that an act and its row stand or fall together.

    `action` reads `<app>.<noun>.<verb>`; `actor` is None for the system. Details must be JSON and hold no secrets.
    Address, agent, session and request are those of `current_origin`. Raises AuditOutsideTransaction when no
    transaction is open, AuditUnavailable when the row can't be written.
    """
    if not connection.in_atomic_block:
        raise AuditOutsideTransaction(f"{action} must be recorded inside the transaction of its change")
    origin = current_origin()
    with override("en"):
        row = AuditLog(
            occurred_at=timezone.now(),
            action=action,
            actor_id=actor.pk if actor else None,
            actor_label=clean_text(str(actor), LONGEST_LABEL) if actor else "",
            object_type=target._meta.label_lower if target else "",
            object_id=str(target.pk) if target else "",
            object_label=clean_text(str(target), LONGEST_LABEL) if target else "",
            address=_address(origin.address),
            agent=origin.agent,
            session_id=origin.session_id,
            request_id=origin.request_id,
            details=details or {},
        )
    return _insert(row)


def _insert(row: AuditLog) -> AuditLog:
    """One plain statement: the ORM's way to it would take half as long again as the database does."""
    values = [getattr(row, name) for name in COLUMNS[:-1]]
    try:
        with connection.cursor() as cursor:
            cursor.execute(INSERT, [*values, json.dumps(row.details, cls=DjangoJSONEncoder)])
            row.pk = cursor.fetchone()[0]
    except Error as error:
        logger.critical("The audit row %s could not be written: %s", row.action, type(error).__name__)
        raise AuditUnavailable(row.action) from error
    row._state.adding = False
    row._state.db = connection.alias
    return row


def _address(text: str) -> str | None:
    """The address as PostgreSQL's inet takes it; a zone (`fe80::1%eth0`) names a card of this machine only."""
    try:
        return str(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return None
