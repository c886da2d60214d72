"""The audit log's own pages: to read, to search, to follow a person, an object, a session or a request."""

import datetime as dt
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from audit.admin.filters import (
    ActionFilter,
    KindFilter,
    ObjectFilter,
    PersonFilter,
    RequestFilter,
    SessionFilter,
    TimeFilter,
)
from audit.admin.trail import log_url
from audit.details import changes_of, others_of, related_of
from audit.finding import matching, may_read_log
from audit.labels import describe_action, describe_kind, model_of
from audit.models import AuditLog
from common.admin import BoundedPaginator, ReadOnlyModelAdmin, latin
from common.admin.dates import show_moment
from common.admin.latin import NOTHING
from common.jalali import format_local, in_tehran, latin_digits


@admin.register(AuditLog)
class AuditLogAdmin(ReadOnlyModelAdmin):
    """Rows are ordered by their numbers only, which are in the order of time."""

    change_form_template = "audit/row.html"
    paginator = BoundedPaginator
    list_display = ("time", "what", "person", "thing", "address_shown")
    list_display_links = ("time", "what")
    list_filter = (TimeFilter, ActionFilter, KindFilter, PersonFilter, ObjectFilter, SessionFilter, RequestFilter)
    ordering = ("-id",)
    sortable_by = ("time",)
    search_fields = ("object_label",)
    search_help_text = _(
        "A member of staff, the beginning of an object's name, an object's number, or an act such as "
        "accounts.candidate.change."
    )
    fieldsets = (
        (None, {"fields": ("exact_time", "what", "action_shown", "person_linked", "thing_linked")}),
        (None, {"fields": ("details_shown",)}),
        (_("Where it came from"), {"fields": ("address_shown", "agent_shown", "session_linked", "request_linked")}),
    )

    def has_view_permission(self, request: HttpRequest, obj: AuditLog | None = None) -> bool:
        return may_read_log(request.user)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditLog], search_term: str
    ) -> tuple[QuerySet[AuditLog], bool]:
        term = latin_digits(search_term.strip())
        return (queryset.filter(matching(term)) if term else queryset), False

    @admin.display(description=_("time"), ordering="id")
    def time(self, row: AuditLog) -> str:
        return show_moment(row.occurred_at)

    @admin.display(description=_("what happened"))
    def what(self, row: AuditLog) -> str:
        return describe_action(row.action)

    @admin.display(description=_("person"))
    def person(self, row: AuditLog) -> str:
        if row.actor_id is not None:
            return row.actor_label or f"#{row.actor_id}"
        return gettext("somebody not signed in") if row.address else gettext("the system")

    @admin.display(description=_("object"))
    def thing(self, row: AuditLog) -> str:
        if not row.object_type:
            return NOTHING
        return f"{describe_kind(row.object_type)}: {row.object_label or row.object_id}"

    @admin.display(description=_("address"))
    def address_shown(self, row: AuditLog) -> str:
        return latin(row.address)

    @admin.display(description=_("time"))
    def exact_time(self, row: AuditLog) -> str:
        """To the second, and in UTC as other logs have it."""
        seconds = f":{row.occurred_at:%S}"
        utc = row.occurred_at.astimezone(dt.UTC).isoformat(timespec="milliseconds")
        return format_html("{} &nbsp; {}", latin(format_local(row.occurred_at) + seconds), latin(utc))

    @admin.display(description=_("act's code"))
    def action_shown(self, row: AuditLog) -> str:
        return latin(row.action)

    @admin.display(description=_("person"))
    def person_linked(self, row: AuditLog) -> str:
        if row.actor_id is None:
            return self.person(row)
        timeline = (gettext("Everything by and about this person"), log_url(person=row.actor_id))
        return _with_links(self.person(row), timeline)

    @admin.display(description=_("object"))
    def thing_linked(self, row: AuditLog) -> str:
        if not row.object_id:
            return self.thing(row)
        timeline = (pgettext("button", "Audit trail"), log_url(object=f"{row.object_type}:{row.object_id}"))
        page = _page_of(row)
        return _with_links(self.thing(row), timeline, *([(gettext("Its page"), page)] if page else []))

    @admin.display(description=_("browser or program"))
    def agent_shown(self, row: AuditLog) -> str:
        return latin(row.agent)

    @admin.display(description=_("session"))
    def session_linked(self, row: AuditLog) -> str:
        url = log_url(session_id=row.session_id, **_days_around(row))
        return _with_links(row.session_id, (gettext("Everything of this session"), url))

    @admin.display(description=_("request"))
    def request_linked(self, row: AuditLog) -> str:
        url = log_url(request_id=row.request_id, **_days_around(row))
        return _with_links(row.request_id, (gettext("Everything of this request"), url))

    @admin.display(description=_("details"))
    def details_shown(self, row: AuditLog) -> str:
        parts = {"changes": changes_of(row), "related": related_of(row), "others": others_of(row)}
        return render_to_string("audit/details.html", parts)


def _with_links(text: str, *links: tuple[str, str]) -> str:
    if not text:
        return NOTHING
    shown = format_html("<bdi>{}</bdi>", text)
    for label, url in links:
        shown = format_html('{} · <a href="{}">{}</a>', shown, url, label)
    return shown


def _page_of(row: AuditLog) -> str:
    """The address of the object's own page; empty where the admin has none."""
    model = model_of(row.object_type)
    if model is None or not admin.site.is_registered(model):
        return ""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[quote(row.object_id)])


def _days_around(row: AuditLog) -> dict[str, Any]:
    """The day of the row and those beside it: sessions end after twelve hours, and a span of days is quickly found."""
    day = in_tehran(row.occurred_at).date()
    ends = (day - dt.timedelta(days=1), day + dt.timedelta(days=1))
    return dict(zip(TimeFilter.parameter_names(), map(format_local, ends), strict=True))
