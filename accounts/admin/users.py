"""Members of staff in the admin."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from accounts import services
from accounts.admin.end_sessions_action import end_all_sessions
from accounts.admin.reset_action import reset_second_factors
from accounts.admin.user_forms import StaffAddForm, StaffChangeForm, StaffPasswordForm
from accounts.admin_scope import staff_user
from accounts.models import AuthenticatorDevice, StaffScope, User
from accounts.models.staff_session import SessionEnd
from accounts.recent_factor import RecentFactorAdminMixin
from accounts.roles import ROLE_LABELS, ROLE_NAMES, Role, role_label
from accounts.selectors import may_edit_staff
from accounts.services.staff import refuse_without_owner
from audit.admin import AuditedModelAdmin
from common.admin import TabularInline

OWN_RIGHTS = ("roles", "is_active", "is_limited_to_scopes")


class RoleFilter(admin.SimpleListFilter):
    title = _("role")
    parameter_name = "role"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(role.value, label) for role, label in ROLE_LABELS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> QuerySet[User]:
        return queryset.filter(groups__name=self.value()) if self.value() else queryset


class ScopeInline(TabularInline):
    """The candidates and regions of a limited member of staff; one's own can only be read."""

    model = StaffScope
    extra = 0
    autocomplete_fields = ("candidate",)

    def has_add_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return obj != request.user and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return obj != request.user and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return obj != request.user and super().has_delete_permission(request, obj)


@admin.register(User)
class UserAdmin(RecentFactorAdminMixin, AuditedModelAdmin, DjangoUserAdmin):  # type: ignore[type-arg]
    """Only owners who aren't limited to scopes add and change staff; nobody changes their own rights.

    Limited staff don't see the list: scopes name candidates. Accounts are closed, not deleted, so that names in the
    audit log can be asked about.
    """

    sensitive_noun = "accounts.user"
    sensitive_fields = {"email": "email"}
    sensitive_verb = "contact_shown"
    form = StaffChangeForm
    add_form = StaffAddForm
    change_password_form = StaffPasswordForm
    inlines = (ScopeInline,)
    actions = (reset_second_factors, end_all_sessions)
    list_display = (
        "username",
        "full_name",
        "roles",
        "is_limited_to_scopes",
        "has_second_factor",
        "is_active",
        "last_login",
    )
    list_filter = (RoleFilter, "is_limited_to_scopes", "is_active")
    search_fields = ("username", "full_name")
    filter_horizontal = ()
    readonly_fields = ("has_second_factor", "last_login", "date_joined")
    audit_hidden_fields = ("roles",)  # `set_roles` records them
    fieldsets = (
        (None, {"fields": ("username", "password", "full_name", "email", "is_active")}),
        (_("Rights"), {"fields": ("roles", "is_limited_to_scopes")}),
        (_("Sign-in"), {"fields": ("has_second_factor", "last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "full_name", "email", "password1", "password2", "roles")}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        devices = AuthenticatorDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
        users: QuerySet[User] = super().get_queryset(request)
        return users.prefetch_related("groups").annotate(second_factor=Exists(devices))

    @admin.display(description=_("roles"))
    def roles(self, user: User) -> str:
        # Translators: stands between the names of roles
        return str(_(", ")).join(role_label(group.name) for group in user.groups.all() if group.name in ROLE_NAMES)

    @admin.display(description=_("second factor"), boolean=True, ordering="second_factor")
    def has_second_factor(self, user: User) -> bool:
        return bool(user.second_factor)  # type: ignore[attr-defined]  # annotated above

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        own = OWN_RIGHTS if obj is not None and obj == request.user else ()
        return (*self.readonly_fields, *own)

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:
        return self.inlines if obj else ()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if "roles" in form.cleaned_data:
            services.set_roles(
                user=form.instance,
                roles=[Role(name) for name in form.cleaned_data["roles"]],
                actor=staff_user(request),
            )
        if {"is_active", "is_limited_to_scopes"}.intersection(form.changed_data):
            refuse_without_owner()
        if "is_active" in form.changed_data and not form.instance.is_active:
            services.end_sessions(user=form.instance, actor=staff_user(request), how=SessionEnd.ACCOUNT_CLOSED)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        user = self.get_object(request, unquote(id))
        if user is not None and user == request.user:  # that page asks for the old password first
            return redirect("admin:password_change")
        wanted = self.factor_wanted(request, "change", may=self.has_change_permission(request, user))
        if wanted:
            return wanted
        with transaction.atomic():
            response: HttpResponse = super().user_change_password(request, id, form_url)
            if user is not None and User.objects.get(pk=user.pk).password != user.password:
                self.record_act(request, "set_password", user)
        return response

    def has_edit_staff_permission(self, request: HttpRequest) -> bool:
        return may_edit_staff(staff_user(request))

    def has_view_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return not staff_user(request).is_limited_to_scopes and bool(super().has_view_permission(request, obj))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_edit_staff_permission(request) and bool(super().has_add_permission(request))

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return self.has_edit_staff_permission(request) and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)
