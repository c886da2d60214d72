"""What users of a plan told us, written down by staff."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin_scope import ScopedModelAdmin, ScopedRelatedFilter, staff_user
from audit.admin import AuditedModelAdmin
from common.admin import JalaliDateRangeFilter
from common.errors import DomainError
from plans.models import BetaFeedback
from plans.services.feedback import add_feedback, close_feedback


@admin.register(BetaFeedback)
class BetaFeedbackAdmin(ScopedModelAdmin, AuditedModelAdmin):
    """What was told stays as it was told; it can be closed."""

    candidate_path = "candidate"
    audit_saves = False  # the services record
    actions = ("close_chosen",)
    list_display = ("told_at", "plan", "kind", "candidate", "closed_at")
    list_filter = (
        "plan",
        "kind",
        ("closed_at", admin.EmptyFieldListFilter),
        ("candidate", ScopedRelatedFilter),
        JalaliDateRangeFilter.of("told_at", _("told")),
    )
    list_select_related = ("plan", "candidate")
    search_fields = ("text", "candidate__name")
    autocomplete_fields = ("candidate",)
    fields = ("plan", "kind", "candidate", "text")
    readonly_fields = ("told_at", "closed_at", "written_by")

    def get_fields(self, request: HttpRequest, obj: BetaFeedback | None = None) -> tuple[str, ...]:
        return (*self.fields, *self.readonly_fields) if obj else self.fields

    def has_change_permission(self, request: HttpRequest, obj: BetaFeedback | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: BetaFeedback | None = None) -> bool:
        return False

    def has_close_permission(self, request: HttpRequest) -> bool:
        return bool(self.has_add_permission(request))

    def save_model(self, request: HttpRequest, obj: BetaFeedback, form: Any, change: bool) -> None:
        made = add_feedback(
            plan_code=obj.plan.code,
            candidate=obj.candidate,
            kind=obj.kind,
            text=obj.text,
            actor=staff_user(request),
        )
        obj.pk = made.pk

    @admin.action(description=_("Close: nothing is left to do"), permissions=["close"])
    def close_chosen(self, request: HttpRequest, queryset: QuerySet[BetaFeedback]) -> None:
        closed = 0
        for feedback in queryset.filter(closed_at=None):
            try:
                close_feedback(feedback_id=feedback.pk, actor=staff_user(request))
            except DomainError as error:
                self.message_user(request, str(error), messages.ERROR)
            else:
                closed += 1
        words = ngettext("One was closed.", "%(count)d were closed.", closed) % {"count": closed}
        self.message_user(request, words, messages.SUCCESS if closed else messages.INFO)
