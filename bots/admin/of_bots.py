from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.admin_scope import ScopedModelAdmin, staff_user
from accounts.selectors import limit_to_scopes
from bots.models import Bot


class OfBotsAdmin(ScopedModelAdmin):
    """For rows that name their bot, of which there are millions."""

    candidate_path = "bot__candidate"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        queryset = super().get_queryset(request)
        user = staff_user(request)
        if not user.is_limited_to_scopes:
            return queryset
        # The same rows once more, by the numbers of their bots: only of these does the planner know how many rows
        # they have, and without that it would read those of all others.
        bots = limit_to_scopes(Bot.objects.all(), user, candidate="candidate")
        return queryset.filter(bot__in=list(bots.values_list("pk", flat=True)))
