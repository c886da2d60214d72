from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin_scope import ScopedModelAdmin, ScopedRelatedFilter, staff_user
from audit.admin import SensitiveReadsMixin
from bots.models import InboundUpdate
from bots.services.inbox import retry_updates
from common.admin import JalaliDateRangeFilter, ReadOnlyModelAdmin, latin
from common.crypto import DecryptionError
from common.jalali import latin_digits


@admin.register(InboundUpdate)
class InboundUpdateAdmin(ScopedModelAdmin, SensitiveReadsMixin, ReadOnlyModelAdmin):
    """The inbox as it is; rejected updates can be tried again."""

    sensitive_noun = "bots.inbound_update"
    sensitive_fields = {"body_shown": "body"}
    sensitive_verb = "body_shown"
    candidate_path = "bot__candidate"
    list_display = ("received_at", "bot", "update_id_shown", "kind_shown", "state", "reason")
    list_filter = (
        "state",
        ("bot", ScopedRelatedFilter),
        "source",
        JalaliDateRangeFilter.of("received_at", _("received")),
    )
    list_select_related = ("bot",)
    search_fields = ("update_id",)
    search_help_text = _("An update's number, or a kind such as my_chat_member.")
    fields = (
        "bot", "update_id_shown", "kind_shown", "source", "state", "reason", "received_at", "projected_at",
        "body_shown",
    )  # fmt: skip
    actions = ("retry",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboundUpdate]:
        queryset: QuerySet[InboundUpdate] = super().get_queryset(request)
        return queryset.defer("body")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[InboundUpdate], search_term: str
    ) -> tuple[QuerySet[InboundUpdate], bool]:
        term = latin_digits(search_term.strip())
        if term.isdecimal():
            return queryset.filter(update_id=int(term) if len(term) <= 18 else None), False
        return (queryset.filter(kind=term) if term else queryset), False

    def get_fields(self, request: HttpRequest, obj: InboundUpdate | None = None) -> Any:
        # The raw body may hold a shared phone number.
        hidden = () if staff_user(request).has_perm("bots.view_phone") else ("body_shown",)
        return [name for name in self.fields if name not in hidden]

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return staff_user(request).has_perm("bots.retry_inboundupdate")

    @admin.action(description=_("Try the selected rejected updates again"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[InboundUpdate]) -> None:
        count = retry_updates(updates=list(queryset.values_list("pk", flat=True)), actor=staff_user(request))
        words = ngettext("%(count)d update will be tried again.", "%(count)d updates will be tried again.", count)
        messages.success(request, words % {"count": count})

    @admin.display(description=_("update number"), ordering="update_id")
    def update_id_shown(self, update: InboundUpdate) -> str:
        return latin(update.update_id)

    @admin.display(description=_("kind"), ordering="kind")
    def kind_shown(self, update: InboundUpdate) -> str:
        return latin(update.kind)

    @admin.display(description=_("body"))
    def body_shown(self, update: InboundUpdate) -> str:
        try:
            return latin(update.body)
        except DecryptionError as error:
            return str(error)
