"""The page between choosing an action on the list of staff and its being done."""

from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from accounts.models import User


def confirmation_page(
    model_admin: Any, request: HttpRequest, queryset: QuerySet[User], *, title: str, words: str, form: Any = ()
) -> HttpResponse:
    """Name the chosen people, say what happens to them in `words`, and send the action again as `confirmed`."""
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "words": words,
        "opts": model_admin.opts,
        "chosen": queryset,
        "form": form,
        "action": request.POST["action"],
        "action_checkbox_name": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "accounts/confirm_action.html", context)
