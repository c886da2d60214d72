"""The people that the admin's list of bot users shows for a query string."""

from dataclasses import dataclass
from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, ORDER_VAR, PAGE_VAR, SEARCH_VAR
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounts.models import Candidate
from bots.models import Bot, BotUser
from common.admin.date_filter import read_days
from exports.errors import ExportRefusedError
from exports.filters import BotUserFilters

# How the list's filters are called in its query string (bots/admin/bot_user.py).
BOT, CANDIDATE, SOURCE, CITY, BLOCKED = (
    "bot__id__exact", "bot__candidate__id__exact", "source", "city", "is_blocked__exact",
)  # fmt: skip
DAYS = ("first_seen_at", "last_seen_at")
FLAGS = {"1": True, "0": False}
WITHOUT_EFFECT = {PAGE_VAR, ORDER_VAR, ALL_VAR, ERROR_FLAG}


@dataclass(frozen=True)
class Selection:
    """What the list shows: its people, its active filters in words, and the same filters for command and audit.

    `filters` is None where the list is filtered by what the command has no option for, such as a search;
    `for_audit` then tells the names of those parameters only, as a search term may be somebody's name.
    """

    queryset: QuerySet[BotUser]
    words: list[tuple[str, str]]
    filters: BotUserFilters | None
    for_audit: dict[str, str]


def selection_of(request: HttpRequest) -> Selection:
    """The people that the list would show its reader for the query string of `request`.

    They come from the registered ModelAdmin itself, so filters, search and the reader's scope are the list's own.

    Raises ExportRefusedError `invalid-filters` where the list would refuse the query string, too.
    """
    model_admin: Any = admin.site.get_model_admin(BotUser)
    try:
        changelist = model_admin.get_changelist_instance(request)
    except IncorrectLookupParameters as error:
        raise _invalid() from error
    for spec in changelist.filter_specs:
        if getattr(getattr(spec, "days", None), "error", ""):
            raise _invalid()
    filters, others = _read(changelist, request.GET)
    told = {**filters.for_audit(), **dict.fromkeys(others, "(not told)")}
    return Selection(
        queryset=cast("QuerySet[BotUser]", changelist.queryset),
        words=_in_words(changelist, request.GET),
        filters=None if others else filters,
        for_audit=told,
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


def _in_words(changelist: Any, query: QueryDict) -> list[tuple[str, str]]:
    """Title and chosen value of each active filter, as the list's side column calls them."""
    words = [(_("Search"), str(query[SEARCH_VAR]))] if query.get(SEARCH_VAR) else []
    for spec in changelist.filter_specs:
        given = [str(query[name]) for name in spec.expected_parameters() if name and query.get(name)]
        if given:
            chosen = [str(choice["display"]) for choice in spec.choices(changelist) if choice.get("selected")]
            words.append((capfirst(str(spec.title)), ", ".join(chosen) or " – ".join(given)))
    return words
