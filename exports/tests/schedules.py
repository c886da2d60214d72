"""Schedules and their people for tests."""

import datetime as dt
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.roles import Role
from accounts.testing import make_staff
from common.jalali import TEHRAN
from exports.endings import end_failed
from exports.models import DataExportLog, ScheduledExport
from exports.running import carry_out
from exports.services.schedules import schedule_export

NOON = dt.datetime(2026, 11, 23, 12, tzinfo=TEHRAN)  # 1405/09/02, a Monday
DAY = dt.timedelta(days=1)


def person(name: str, *roles: Role, **options: Any) -> User:
    """A data officer, or somebody with other roles, whose address is `<name>@example.ir`."""
    user = make_staff(*(roles or (Role.DATA_OFFICER,)), username=name, **options)
    user.email = f"{name}@example.ir"
    user.save()
    return user


def scheduled(owner: User, **changes: Any) -> ScheduledExport:
    """Bot users without their names, each day at six, for the owner."""
    usual: dict[str, Any] = {
        "export_type": "bot_users",
        "schedule": "daily",
        "columns": ("platform_user_id", "city"),
        "format": "csv",
        "language": "en",
        "name": "People",
        "recipients": [owner],
        "actor": owner,
    }
    return schedule_export(**{**usual, **changes})


def finish(run: DataExportLog) -> DataExportLog:
    """Have a worker make the run's file."""
    carry_out(run.pk)
    run.refresh_from_db()
    assert run.state == "ready", (run.state, run.reason_code, run.reason)
    return run


def fail(run: DataExportLog) -> DataExportLog:
    """Have the run fail."""
    with transaction.atomic():
        end_failed(DataExportLog.objects.select_for_update().get(pk=run.pk), code="disk-full")
    run.refresh_from_db()
    return run


def leave(user: User) -> None:
    """The person doesn't work here any more."""
    user.is_active = False
    user.save()
