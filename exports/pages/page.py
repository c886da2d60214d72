"""What the pages of exports share: who may open them, what they see there, and how they are drawn."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse

from accounts.admin_scope import staff_user
from accounts.models import User
from exports.datasets import DATASETS, Dataset
from exports.models import DataExportLog
from exports.selectors import VIEW_PERMISSION, exports_visible_to


def datasets_for(user: User) -> list[Dataset]:
    """The datasets that `user` may export from these pages."""
    return [dataset for dataset in DATASETS.values() if dataset.is_listed and dataset.may_export(user)]


def may_use_exports(user: User) -> bool:
    """Whether the pages open to `user`: to who may export something, or may see what others do."""
    return user.has_perm(VIEW_PERMISSION) or bool(datasets_for(user))


def user_of_exports(request: HttpRequest) -> User:
    """The reader. Raises PermissionDenied for who has nothing to do with exports."""
    user = staff_user(request)
    if not may_use_exports(user):
        raise PermissionDenied
    return user


def visible_run(request: HttpRequest, run_id: int) -> DataExportLog:
    """An export that the reader may see; 404 for any other."""
    visible = exports_visible_to(user_of_exports(request))
    people = ("asked_by", "approved_by", "candidate", "schedule")
    return get_object_or_404(visible.select_related(*people), pk=run_id)


def sent(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: what was sent, be it nothing; None where the page is only looked at."""
    return request.POST if request.method == "POST" else None


def to_run(run: DataExportLog) -> HttpResponseRedirect:
    """Back to the export's own page."""
    return HttpResponseRedirect(reverse("exports:one", args=[run.pk]))


def page(request: HttpRequest, name: str, context: dict[str, Any]) -> TemplateResponse:
    """A page of ours in the look of the admin."""
    shared = {**admin.site.each_context(request), "opts": DataExportLog._meta}
    return TemplateResponse(request, f"exports/pages/{name}.html", {**shared, **context})
