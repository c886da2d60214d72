"""Finding rows of the audit log by indexes alone: it may have ten millions."""

import datetime as dt
from bisect import bisect_left

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.db import connection, models
from django.db.models import Q, QuerySet

from audit.models import AuditLog
from common.admin.date_filter import DayRange, start_of_day

# Rows get their numbers in the order of time, but for the clocks of several servers; so far apart they may be.
CLOCKS_APART = dt.timedelta(hours=1)
MOST_STAFF = 20  # found by one search

_DISTINCT = """
    WITH RECURSIVE found (value) AS (
        (SELECT {column} FROM audit_auditlog ORDER BY {column} LIMIT 1)
        UNION ALL
        SELECT (SELECT {column} FROM audit_auditlog WHERE {column} > value ORDER BY {column} LIMIT 1)
        FROM found WHERE value IS NOT NULL
    )
    SELECT value FROM found WHERE value IS NOT NULL
"""


def may_read_log(user: models.Model | AnonymousUser) -> bool:
    """Whether `user` may read the audit log. Limited staff don't: its labels name candidates of everybody's."""
    if getattr(user, "is_limited_to_scopes", False):
        return False
    return bool(user.has_perm("audit.view_auditlog"))  # type: ignore[union-attr]


def values_that_occur(column: str) -> list[str]:
    """The different values of `action` or `object_type`, by one look-up in its index for each of them.

    `SELECT DISTINCT` would read the whole index (PostgreSQL wiki, "Loose indexscan").
    """
    with connection.cursor() as cursor:
        cursor.execute(_DISTINCT.format(column=connection.ops.quote_name(column)))
        return [row[0] for row in cursor.fetchall()]


def within_days(rows: QuerySet[AuditLog], days: DayRange) -> QuerySet[AuditLog]:
    """Those of `rows` that were written on these days, counted as in Tehran; an end that is None is open.

    The span is looked up as one of row numbers, so that it can be read newest first from the primary key: with a
    condition on the time alone, PostgreSQL goes through everything newer than the span (4.6 s among three million
    rows). Rows whose server's clock was wrong by more than an hour may be missed.
    """
    if days.first and days.first > dt.date.min:
        first = start_of_day(days.first)
        rows = rows.filter(occurred_at__gte=first, pk__gte=_first_number_at(first - CLOCKS_APART))
    if days.last and days.last < dt.date.max:
        end = start_of_day(days.last + dt.timedelta(days=1))
        rows = rows.filter(occurred_at__lt=end, pk__lt=_first_number_at(end + CLOCKS_APART))
    return rows


def _first_number_at(moment: dt.datetime) -> int:
    """The number of the first row that isn't older than `moment`; one more than the last where all are."""
    by_number = AuditLog.objects.order_by("pk")
    first, last = by_number.values_list("pk", flat=True).first(), by_number.values_list("pk", flat=True).last()
    if first is None or last is None:
        return 0
    times = by_number.values_list("occurred_at", flat=True)
    # Numbers have gaps, where the next row stands for them.
    return first + bisect_left(range(first, last + 1), moment, key=lambda number: times.filter(pk__gte=number)[0])


def by_or_about(user_id: int) -> Q:
    """A person's timeline: what they did, and what was done to their account."""
    staff_type = get_user_model()._meta.label_lower
    return Q(actor_id=user_id) | Q(object_type=staff_type, object_id=str(user_id))


def matching(term: str) -> Q:
    """The rows that a typed word means.

    It may be an act (`accounts.candidate.change`), a member of staff (username or part of the name), an object's
    number, or the beginning of an object's name as it was then.
    """
    staff = get_user_model()._default_manager.filter(Q(username__iexact=term) | Q(full_name__icontains=term))
    found = Q(action=term) | Q(object_label__istartswith=term)
    found |= Q(actor_id__in=list(staff.values_list("pk", flat=True)[:MOST_STAFF]))
    if term.isascii() and term.isdecimal():
        # Naming the kinds lets the index of kind and number serve.
        found |= Q(object_type__in=values_that_occur("object_type"), object_id=term)
    return found
