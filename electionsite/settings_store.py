"""Where system settings are kept, so that no way of changing one gets past the audit log."""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from constance import config
from constance.backends.database import DatabaseBackend
from django.db import connection, transaction

from accounts.models import User
from audit.services import record
from electionsite.system_settings import SYSTEM_SETTINGS

LOCK = "electionsite.system_settings"
_actor: ContextVar[User | None] = ContextVar("who changes system settings", default=None)


class AuditedBackend(DatabaseBackend):  # type: ignore[misc]
    """django-constance's table, without a cache: a value is right everywhere at once. Each change is recorded."""

    def get(self, key: str) -> Any:
        """The value as stored, or the default: for None django-constance would store the default, while reading."""
        value = super().get(key)
        return SYSTEM_SETTINGS[key].default if value is None else value

    def set(self, key: str, value: Any) -> None:
        with transaction.atomic():
            _lock()
            before = self.get(key)
            super().set(key, value)
            details = {"changed": [key], "before": {key: before}, "after": {key: value}}
            record(action="electionsite.system_settings.change", actor=_actor.get(), details=details)


@transaction.atomic
def change_system_settings(*, values: Mapping[str, Any], actor: User | None) -> list[str]:
    """Change the named settings to valid values; gives the names of those that had another value before."""
    _lock()
    changed = [name for name, value in values.items() if getattr(config, name) != value]
    token = _actor.set(actor)
    try:
        for name in changed:
            setattr(config, name, values[name])
    finally:
        _actor.reset(token)
    return changed


def _lock() -> None:
    """One at a time: else the value that the log gives as the one before could be another's."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [LOCK])
