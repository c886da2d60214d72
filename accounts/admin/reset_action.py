"""The action "reset second factor" on the list of staff."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts import services
from accounts.admin.confirmation import confirmation_page
from accounts.admin.user_forms import ResetReasonForm
from accounts.admin_scope import staff_user
from accounts.models import User
from common.errors import DomainError


@admin.action(description=_("Reset second factor"), permissions=["edit_staff"])
def reset_second_factors(model_admin: Any, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
    """Ask for a reason, then reset all chosen ones or none."""
    form = ResetReasonForm(request.POST if "confirmed" in request.POST else None)
    if not form.is_valid():
        words = gettext(
            "These people are signed out of the admin at once and enrol a new authenticator app with their password. "
            "Make sure that it is really they who asked."
        )
        title = gettext("Reset second factor")
        return confirmation_page(model_admin, request, queryset, title=title, words=words, form=form)
    users = list(queryset)
    try:
        with transaction.atomic():
            for user in users:
                services.reset_second_factor(
                    user=user,
                    actor=staff_user(request),
                    reason=form.cleaned_data["reason"],
                )
    except DomainError as error:
        model_admin.message_user(request, str(error), messages.ERROR)
        return None
    words = ngettext(
        "The second factor of one person was reset.", "The second factors of %(count)d people were reset.", len(users)
    )
    model_admin.message_user(request, words % {"count": len(users)}, messages.SUCCESS)
    return None
