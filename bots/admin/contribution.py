from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.postgres.search import SearchQuery
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin_scope import ScopedRelatedFilter, staff_user
from bots.admin.activity import TIME_FILTER, ActivityAdmin
from bots.conversation.filling import LONGEST_MESSAGE
from bots.models import Contribution
from bots.models.contribution import searched_words
from bots.search import prefix_terms
from bots.services.contributions import (
    ANSWER_PERMISSION,
    ASSIGN_PERMISSION,
    assign_contributions,
    close_contributions,
    mark_seen,
)
from bots.staff.contributions import possible_assignees
from common.admin import BoundedPaginator
from common.errors import DomainError
from common.regions import city_choices, city_name

MINE, NOBODYS = "me", "-"
Rows = QuerySet[Contribution]


class CityFilter(admin.SimpleListFilter):
    title = _("city")
    parameter_name = "city"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return city_choices()

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        return queryset.filter(bot_user__city=self.value()) if self.value() else queryset


class AssigneeFilter(admin.SimpleListFilter):
    title = _("assigned to")
    parameter_name = "assigned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(MINE, _("me")), (NOBODYS, _("nobody"))]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        if self.value() == MINE:
            return queryset.filter(assigned_to=staff_user(request))
        return queryset.filter(assigned_to=None) if self.value() == NOBODYS else queryset


@admin.register(Contribution)
class ContributionAdmin(ActivityAdmin):
    """What citizens contributed; its page is where staff answer."""

    sensitive_noun = "bots.contribution"
    paginator = BoundedPaginator
    change_form_template = "bots/contribution.html"
    list_display = ("occurred_at", "state", "kind", "text_shown", "bot_user", "city", "bot", "assigned_to")
    list_select_related = ("bot", "bot_user", "assigned_to")
    list_filter = ("state", AssigneeFilter, "kind", ("bot", ScopedRelatedFilter), CityFilter, TIME_FILTER)
    fields = ("occurred_at", "kind", "state", "assigned_to", "bot_user", "bot", "text")
    search_fields = ("text",)
    search_help_text = _("The beginnings of words of the text.")
    actions = ("assign_to_me", "close")

    def get_queryset(self, request: HttpRequest) -> Rows:
        queryset: Rows = super().get_queryset(request)
        return queryset.defer("bot_user__phone")

    def get_search_results(self, request: HttpRequest, queryset: Rows, search_term: str) -> tuple[Rows, bool]:
        terms = prefix_terms(search_term)
        if not terms:
            return queryset, False
        query = SearchQuery(terms, config="simple", search_type="raw")
        return queryset.annotate(words=searched_words()).filter(words=query), False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        contribution = self.get_object(request, unquote(object_id))
        if contribution is None or not self.has_view_permission(request, contribution):
            return super().change_view(request, object_id, form_url, extra_context)
        user = staff_user(request)
        if user.has_perm(ANSWER_PERMISSION):
            mark_seen(contribution_id=contribution.pk, actor=user)
        extra = {
            "contribution": contribution,
            "answers": contribution.answers.select_related("author", "delivery"),
            "may_answer": user.has_perm(ANSWER_PERMISSION),
            "assignees": possible_assignees(contribution) if user.has_perm(ASSIGN_PERMISSION) else None,
            "longest_answer": LONGEST_MESSAGE,
        }
        return super().change_view(request, object_id, form_url, {**extra, **(extra_context or {})})

    def has_answer_permission(self, request: HttpRequest) -> bool:
        return staff_user(request).has_perm(ANSWER_PERMISSION)

    def has_assign_permission(self, request: HttpRequest) -> bool:
        return staff_user(request).has_perms([ANSWER_PERMISSION, ASSIGN_PERMISSION])

    @admin.action(description=_("Assign the selected contributions to me"), permissions=["assign"])
    def assign_to_me(self, request: HttpRequest, queryset: Rows) -> None:
        user = staff_user(request)
        try:
            count = assign_contributions(contributions=queryset, assignee=user, actor=user)
        except DomainError as error:
            messages.error(request, str(error))
            return
        words = ngettext(
            "%(count)d contribution is assigned to you.", "%(count)d contributions are assigned to you.", count
        )
        messages.success(request, words % {"count": count})

    @admin.action(description=_("Close the selected contributions"), permissions=["answer"])
    def close(self, request: HttpRequest, queryset: Rows) -> None:
        count = close_contributions(contributions=queryset, actor=staff_user(request))
        words = ngettext("%(count)d contribution is closed.", "%(count)d contributions are closed.", count)
        messages.success(request, words % {"count": count})

    @admin.display(description=_("city"))
    def city(self, contribution: Contribution) -> str:
        return city_name(contribution.bot_user.city) if contribution.bot_user.city else ""
