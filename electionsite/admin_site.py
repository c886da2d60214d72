"""The admin site that staff work in."""

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from accounts.second_factor import is_verified

if TYPE_CHECKING:
    from accounts.models import User
    from accounts.sign_in.form import SignInForm

APP_ORDER = ("bots", "accounts", "plans", "exports", "scaling", "audit", "django_celery_beat", "constance")


class ElectionsiteAdminSite(admin.AdminSite):
    site_title = _("Electionsite")
    site_header = _("Electionsite")
    index_title = _("Home")
    site_url = None
    enable_nav_sidebar = True
    empty_value_display = "–"

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the admin opens for this request: to active staff who have shown their second factor."""
        return super().has_permission(request) and is_verified(request.user)

    @property
    def login_form(self) -> "type[SignInForm]":  # type: ignore[override]
        from accounts.sign_in.form import SignInForm  # models aren't ready when this module is loaded

        return SignInForm

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        from electionsite.home import home_cards  # models aren't ready when this module is loaded

        cards = {"cards": home_cards(request.user)}  # type: ignore[arg-type]
        return super().index(request, {**cards, **(extra_context or {})})

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """One's own password; the old one is asked for. A change is audited."""
        from audit.services import record  # models aren't ready when this module is loaded

        user = cast("User", request.user)
        before = user.password
        with transaction.atomic():
            response = super().password_change(request, extra_context)
            if user.password != before:
                record(action="accounts.user.set_password", actor=user, target=user)
        return response

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Apps in the order of people's work, their models in the order of their names; none before the sign-in."""
        if not self.has_permission(request):
            return []
        return sorted(super().get_app_list(request, app_label), key=_app_position)


def _app_position(app: dict[str, Any]) -> tuple[int, str]:
    label = app["app_label"]
    position = APP_ORDER.index(label) if label in APP_ORDER else len(APP_ORDER)
    return position, str(app["name"])
