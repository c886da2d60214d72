"""The sign-ins that are locked at present."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts import services
from accounts.admin_scope import staff_user
from accounts.models import SignInGuard
from accounts.models.sign_in_guard import SignInGuardQuerySet
from accounts.selectors import may_edit_staff
from common.admin import ReadOnlyModelAdmin, latin
from common.errors import DomainError


@admin.action(description=_("Unlock"), permissions=["edit_staff"])
def unlock(model_admin: Any, request: HttpRequest, queryset: SignInGuardQuerySet) -> None:
    """Let them try again at once; nothing is lost by it, so nothing is asked."""
    try:
        count = services.unlock_sign_in(locks=queryset, actor=staff_user(request))
    except DomainError as error:
        model_admin.message_user(request, str(error), messages.ERROR)
        return
    words = ngettext("One sign-in was unlocked.", "%(count)d sign-ins were unlocked.", count)
    model_admin.message_user(request, words % {"count": count}, messages.SUCCESS)


@admin.register(SignInGuard)
class SignInGuardAdmin(ReadOnlyModelAdmin):
    """Locks only, to read; owners who aren't limited to scopes may end them before their time."""

    actions = (unlock,)
    list_display = ("name", "guard", "network_shown", "attempts", "ends_at")
    list_display_links = None
    list_filter = ("guard",)
    list_select_related = ("user",)
    search_fields = ("user__username", "user__full_name", "network")
    fields = ("name", "guard", "network_shown", "attempts", "ends_at")

    @admin.display(description=_("name"), ordering="user__username")
    def name(self, lock: SignInGuard) -> str:
        return latin(lock.user.username) if lock.user else gettext("An unknown name")

    @admin.display(description=_("address"), ordering="network")
    def network_shown(self, lock: SignInGuard) -> str:
        return latin(lock.network)

    def get_queryset(self, request: HttpRequest) -> QuerySet[SignInGuard]:
        return SignInGuard.objects.locked()

    def has_edit_staff_permission(self, request: HttpRequest) -> bool:
        return may_edit_staff(staff_user(request))

    def has_view_permission(self, request: HttpRequest, obj: SignInGuard | None = None) -> bool:
        return not staff_user(request).is_limited_to_scopes and bool(super().has_view_permission(request, obj))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)
