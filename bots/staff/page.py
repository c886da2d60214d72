from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from accounts.admin_scope import staff_user
from accounts.selectors import limit_to_scopes
from bots.models import Bot, BotUser, Contribution, Poll


def page(request: HttpRequest, name: str, context: dict[str, Any]) -> TemplateResponse:
    """A page of ours in the look of the admin."""
    shared = {**admin.site.each_context(request), "opts": Bot._meta}
    return TemplateResponse(request, f"bots/{name}.html", {**shared, **context})


def refuse_without(request: HttpRequest, *permissions: str) -> None:
    """Raises PermissionDenied unless the reader has all of these."""
    if not staff_user(request).has_perms(permissions):
        raise PermissionDenied


def visible(request: HttpRequest, model: type[Any]) -> QuerySet[Any]:
    """The bots, people, contributions or polls of the candidates whom the reader may see."""
    paths: dict[type[Model], str] = {
        Bot: "candidate",
        BotUser: "bot__candidate",
        Contribution: "bot__candidate",
        Poll: "bot__candidate",
    }
    return limit_to_scopes(model._default_manager.all(), staff_user(request), candidate=paths[model])
