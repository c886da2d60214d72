"""What a list of the admin shows for a query string."""

from dataclasses import dataclass
from typing import Any, Protocol

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.models import Candidate
from audit.admin.filters import TimeFilter
from audit.models import AuditLog
from bots.models import Bot, BotUser
from common.admin.date_filter import read_days
from exports.errors import ExportRefusedError
from exports.filters import BotUserFilters
from exports.log_filters import AuditLogFilters

# How the list's filters are called in its query string (bots/admin/bot_user.py).
BOT, CANDIDATE, SOURCE, CITY, BLOCKED = (
    "bot__id__exact", "bot__candidate__id__exact", "source", "city", "is_blocked__exact",
)  # fmt: skip
DAYS = ("first_seen_at", "last_seen_at")
FLAGS = {"1": True, "0": False}
WITHOUT_EFFECT = {PAGE_VAR, ORDER_VAR, ALL_VAR, ERROR_FLAG}


class Filters(Protocol):
    """Filters as a command takes them, and as the audit log tells them."""

    def options(self) -> list[str]: ...

    def for_audit(self) -> dict[str, str]: ...


@dataclass(frozen=True)
class Selection:
    """What the list shows: its rows, its active filters in words, and the same filters for command and audit.

    `filters` is None where the list is filtered by what the command has no option for, such as a search;
    `for_audit` then tells the names of those parameters only, as a search term may be somebody's name.
    """

    queryset: QuerySet[Any]
    words: list[tuple[str, str]]
    filters: Filters | None
    for_audit: dict[str, str]


def selection_of(request: HttpRequest) -> Selection:
    """The people that the list would show its reader for the query string of `request`.

    They come from the registered ModelAdmin itself, so filters, search and the reader's scope are the list's own.

    Raises ExportRefusedError `invalid-filters` where the list would refuse the query string, too.
    """
    changelist = _changelist_of(BotUser, request)
    return _selection(changelist, request.GET, *_read(changelist, request.GET))


def log_selection_of(request: HttpRequest) -> Selection:
    """The rows of the audit log that the list would show for the query string of `request`.

    Raises ExportRefusedError as `selection_of` does.
    """
    return _selection(_changelist_of(AuditLog, request), request.GET, *_read_log(request.GET))


def _changelist_of(model: type[Model], request: HttpRequest) -> Any:
    model_admin: Any = admin.site.get_model_admin(model)
    try:
        changelist = model_admin.get_changelist_instance(request)
    except IncorrectLookupParameters as error:
        raise _invalid() from error
    for spec in changelist.filter_specs:
        if getattr(getattr(spec, "days", None), "error", ""):
            raise _invalid()
    return changelist


def _selection(changelist: Any, query: QueryDict, filters: Filters, others: list[str]) -> Selection:
    return Selection(
        queryset=changelist.queryset,
        words=_in_words(changelist, query),
        filters=None if others else filters,
        for_audit={**filters.for_audit(), **dict.fromkeys(others, "(not told)")},
    )


def _invalid() -> ExportRefusedError:
    return ExportRefusedError("invalid-filters", _("These filters can't be understood, so nothing was exported."))


def _read(changelist: Any, query: QueryDict) -> tuple[BotUserFilters, list[str]]:
    """The query string as filters, and the names of parameters that have no counterpart there."""
    days = {name: (f"{name}__from", f"{name}__to") for name in DAYS}
    known = {BOT, CANDIDATE, SOURCE, CITY, BLOCKED, *(end for ends in days.values() for end in ends)}
    # A filter with a single choice isn't shown, and Django then ignores its parameters; so must we.
    shown = {name for spec in changelist.filter_specs for name in spec.expected_parameters()}
    query = query.copy()
    for name in (known - shown) | WITHOUT_EFFECT:
        query.pop(name, None)
    others = {name for name in query if name not in known and any(query.getlist(name))}
    if query.get(BLOCKED) and query[BLOCKED] not in FLAGS:
        others.add(BLOCKED)
    first_seen, last_seen = (read_days(*(query.get(end, "") for end in days[name])) for name in DAYS)
    filters = BotUserFilters(
        bots=tuple(Bot.objects.filter(pk__in=query.getlist(BOT)).values_list("slug", flat=True)),
        candidates=tuple(Candidate.objects.filter(pk__in=query.getlist(CANDIDATE)).values_list("code", flat=True)),
        sources=tuple(filter(None, [query.get(SOURCE)])),
        cities=tuple(filter(None, [query.get(CITY)])),
        is_blocked=FLAGS.get(query.get(BLOCKED, "")),
        first_seen=first_seen,
        last_seen=last_seen,
    )
    return filters, sorted(others)


def _read_log(query: QueryDict) -> tuple[AuditLogFilters, list[str]]:
    """The query string of the audit log's list as filters, and the names of parameters that have no counterpart."""
    ends = TimeFilter.parameter_names()
    exact = ("action", "object_type", "session_id", "request_id")
    given = {name: str(query[name]) for name in exact if query.get(name)}
    kind, _colon, number = query.get("object", "").partition(":")
    if kind and given.get("object_type", kind) == kind:
        given |= {"object_type": kind, "object_id": number}
    person = query.get("person", "")
    known = {*ends, *exact, *WITHOUT_EFFECT}
    known |= {name for name, is_known in (("person", person.isdecimal()), ("object", "object_id" in given)) if is_known}
    others = sorted(name for name in query if name not in known and any(query.getlist(name)))
    days = read_days(*(query.get(end, "") for end in ends))
    return AuditLogFilters(days=days, person=int(person) if person.isdecimal() else None, **given), others


def _in_words(changelist: Any, query: QueryDict) -> list[tuple[str, str]]:
    """Title and chosen value of each active filter, as the list's side column calls them."""
    words = [(_("Search"), str(query[SEARCH_VAR]))] if query.get(SEARCH_VAR) else []
    for spec in changelist.filter_specs:
        given = [str(query[name]) for name in spec.expected_parameters() if name and query.get(name)]
        if given:
            chosen = [str(choice["display"]) for choice in spec.choices(changelist) if choice.get("selected")]
            words.append((capfirst(str(spec.title)), ", ".join(chosen) or " – ".join(given)))
    return words
