"""The filters of the audit log's list. None of them counts or reads more than the rows that are shown."""

from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from audit.finding import by_or_about, values_that_occur, within_days
from audit.labels import describe_kind, noun_of, verb_of
from audit.models import AuditLog
from common.admin import DropdownFilter, JalaliDateRangeFilter

LARGEST_NUMBER = 2**63 - 1  # of PostgreSQL's bigint
Rows = QuerySet[AuditLog]


class TimeFilter(JalaliDateRangeFilter):
    field_name = "occurred_at"
    title = _("time")

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        return queryset.none() if self.days.error else within_days(queryset, self.days)


class ActionFilter(DropdownFilter):
    title = _("act")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        actions = values_that_occur("action")
        return sorted(((action, verb_of(action)) for action in actions), key=lambda pair: (noun_of(pair[0]), pair[1]))

    def group_of(self, value: str) -> str:
        return noun_of(value)

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        return queryset.filter(action=self.value()) if self.value() else queryset


class KindFilter(DropdownFilter):
    title = _("kind of object")
    parameter_name = "object_type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        kinds = filter(None, values_that_occur("object_type"))
        return sorted(((kind, describe_kind(kind)) for kind in kinds), key=lambda pair: pair[1])

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        return queryset.filter(object_type=self.value()) if self.value() else queryset


class LinkedFilter(admin.SimpleListFilter):
    """A filter that links lead to: it is shown while it is on, to be taken off again."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        value = self.value()
        return [(value, self.describe(value))] if value else []

    def describe(self, value: str) -> str:
        """The value as people read it."""
        return value

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        value = self.value()
        return self.narrow(queryset, value) if value else queryset

    def narrow(self, rows: Rows, value: str) -> Rows:
        """Those of `rows` that the filter lets through."""
        return rows.filter(**{str(self.parameter_name): value})


class PersonFilter(LinkedFilter):
    """A person's timeline: what they did, and what was done to their account."""

    title = _("person")
    parameter_name = "person"

    def describe(self, value: str) -> str:
        number = _number(value)
        person = get_user_model()._default_manager.filter(pk=number).first() if number else None
        return str(person or value)

    def narrow(self, rows: Rows, value: str) -> Rows:
        number = _number(value)
        return rows.filter(by_or_about(number)) if number else rows.none()


class ObjectFilter(LinkedFilter):
    """An object's timeline; the value reads `<app>.<model>:<number>`."""

    title = _("object")
    parameter_name = "object"

    def describe(self, value: str) -> str:
        kind, _colon, number = value.partition(":")
        newest = AuditLog.objects.filter(object_type=kind, object_id=number).order_by("-pk").first()
        return f"{describe_kind(kind)}: {newest.object_label if newest else number}"

    def narrow(self, rows: Rows, value: str) -> Rows:
        kind, _colon, number = value.partition(":")
        return rows.filter(object_type=kind, object_id=number)


class RequestFilter(LinkedFilter):
    title = _("request")
    parameter_name = "request_id"


class SessionFilter(LinkedFilter):
    title = _("session")
    parameter_name = "session_id"


def _number(value: str) -> int | None:
    number = int(value) if value.isascii() and value.isdecimal() else 0
    return number if 0 < number <= LARGEST_NUMBER else None
