"""The action "sign out everywhere" on the list of staff."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from accounts import services
from accounts.admin.confirmation import confirmation_page
from accounts.admin_scope import staff_user
from accounts.models import User
from accounts.models.staff_session import SessionEnd
from audit.origin import SESSION_ID_KEY


@admin.action(description=_("Sign out everywhere"), permissions=["edit_staff"])
def end_all_sessions(model_admin: Any, request: HttpRequest, queryset: QuerySet[User]) -> HttpResponse | None:
    """End the sessions of all chosen people, but never the one that asks."""
    if "confirmed" not in request.POST:
        words = gettext("These people are signed out of every browser at once. They may sign in again.")
        return confirmation_page(model_admin, request, queryset, title=gettext("Sign out everywhere"), words=words)
    with transaction.atomic():
        count = sum(
            services.end_sessions(
                user=user,
                actor=staff_user(request),
                how=SessionEnd.ENDED_BY_OWNER,
                keep=request.session[SESSION_ID_KEY],
            )
            for user in queryset
        )
    words = ngettext("One session was ended.", "%(count)d sessions were ended.", count) % {"count": count}
    model_admin.message_user(request, words, messages.SUCCESS)
    return None
