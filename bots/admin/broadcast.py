from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.admin_scope import ScopedModelAdmin, ScopedRelatedFilter
from bots.broadcast_rules import EDIT_PERMISSION
from bots.models import Broadcast
from common.admin import ReadOnlyModelAdmin, register_changelist_tool


@admin.register(Broadcast)
class BroadcastAdmin(ScopedModelAdmin, ReadOnlyModelAdmin):
    """The list; each broadcast has a page of its own (`bots.staff.broadcasts`)."""

    candidate_path = "candidate"
    list_display = (
        "title_shown", "candidate", "bot", "state", "audience_count", "sent_count", "failed_count", "uncertain_count",
        "scheduled_for", "started_at",
    )  # fmt: skip
    list_display_links = None
    list_filter = ("state", ("candidate", ScopedRelatedFilter), ("bot", ScopedRelatedFilter))
    list_select_related = ("candidate", "bot")
    search_fields = ("title",)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        broadcast = self.get_object(request, object_id)
        if broadcast is None:
            return super().change_view(request, object_id, form_url, extra_context)
        return HttpResponseRedirect(reverse("broadcasts:one", args=[broadcast.pk]))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Broadcast]:
        broadcasts: QuerySet[Broadcast] = super().get_queryset(request)
        return broadcasts.defer("text", "buttons", "filters")

    @admin.display(description=_("title"), ordering="title")
    def title_shown(self, broadcast: Broadcast) -> str:
        return format_html(
            '<a href="{}"><bdi>{}</bdi></a>', reverse("broadcasts:one", args=[broadcast.pk]), broadcast.title
        )


register_changelist_tool(
    Broadcast, label=_("New broadcast"), url_name="broadcasts:new", permission=EDIT_PERMISSION, icon_class="addlink"
)
