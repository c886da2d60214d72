"""Admin pages whose rows belong to candidates, for staff who may see only some of them."""

from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.utils import get_fields_from_path
from django.core import checks
from django.core.exceptions import FieldDoesNotExist, PermissionDenied
from django.db import models
from django.http import HttpRequest

from accounts.models import Candidate, User
from accounts.selectors import candidates_visible_to, limit_to_scopes

if TYPE_CHECKING:
    ChoicesBase = BaseModelAdmin[Any]
    AdminBase = admin.ModelAdmin[Any]
else:
    ChoicesBase = AdminBase = object


def staff_user(request: HttpRequest) -> User:
    """The member of staff who sent a request that the admin let in."""
    return cast(User, request.user)


def scope_path_of(model: type[models.Model], site: admin.AdminSite) -> str | None:
    """The look-up path from `model` to its candidate, as its own scoped admin declares it; None without one."""
    if model is Candidate:
        return ""
    registered = site._registry.get(model)
    return registered.candidate_path if isinstance(registered, ScopedModelAdmin) else None


class ScopedChoices(ChoicesBase):
    """For inlines: foreign keys offer only what the reader may see. `ScopedModelAdmin` has it built in."""

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        self._limit_choices(db_field, request, kwargs)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        self._limit_choices(db_field, request, kwargs)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def _limit_choices(self, db_field: Any, request: HttpRequest, kwargs: dict[str, Any]) -> None:
        related = db_field.remote_field.model
        path = scope_path_of(related, self.admin_site)
        if path is not None:
            queryset = kwargs.get("queryset", related._default_manager.all())
            kwargs["queryset"] = limit_to_scopes(queryset, staff_user(request), candidate=path)


class ScopedModelAdmin(ScopedChoices, AdminBase):
    """Mixin for the admin of a model whose rows belong to candidates; put it before the admin class.

        class PollAdmin(ScopedModelAdmin, AuditedModelAdmin):
            candidate_path = "bot__candidate"
            list_filter = [("bot", ScopedRelatedFilter)]
            autocomplete_fields = ["bot"]

    Limited staff get only rows of candidates whom they may see: in the list, the pages of single objects (change,
    delete, history), autocompletes, foreign keys' choices and actions. Saving an object so that it would lie outside
    their scope is refused (PermissionDenied; the change is rolled back). A system check refuses ways to draw related
    objects that would name others: `raw_id_fields`, and plain filters by related objects.
    """

    candidate_path: str
    """The look-up path from the model to the candidate: `bot__candidate`; empty for Candidate itself."""

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return limit_to_scopes(super().get_queryset(request), staff_user(request), candidate=self.candidate_path)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if staff_user(request).is_limited_to_scopes and not self.get_queryset(request).filter(pk=obj.pk).exists():
            raise PermissionDenied("the saved object would lie outside the scope of the member of staff")

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        return [*super().check(**kwargs), *_check_raw_ids(self), *_check_filters(self)]


class ScopedRelatedFilter(admin.RelatedFieldListFilter):
    """A list filter by a related object that offers only those the reader may see.

    The related model must be Candidate or have a `ScopedModelAdmin`; else a subclass says the way to the candidate
    in `scope_path`.
    """

    scope_path: str | None = None

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        path = self.scope_path
        if path is None:
            path = scope_path_of(field.remote_field.model, model_admin.admin_site)
        if path is None:
            raise TypeError(f"{type(self).__name__} on {field} needs a scope_path")
        ordering = self.field_admin_ordering(field, request, model_admin)
        user = staff_user(request)
        visible = {f"{path or 'pk'}__in": candidates_visible_to(user)}
        limit = visible if user.is_limited_to_scopes else {}
        return list(field.get_choices(include_blank=False, ordering=ordering, limit_choices_to=limit))


def _check_raw_ids(model_admin: ScopedModelAdmin) -> list[checks.CheckMessage]:
    if not model_admin.raw_id_fields:
        return []
    text = "raw_id_fields shows the name of any object whose number is typed, also of one outside the reader's scope."
    return [checks.Error(text, hint="Use autocomplete_fields.", obj=type(model_admin), id="accounts.E001")]


def _check_filters(model_admin: ScopedModelAdmin) -> list[checks.CheckMessage]:
    found: list[checks.CheckMessage] = []
    for item in model_admin.list_filter:
        path, shown_by = item if isinstance(item, tuple | list) else (item, None)
        if not isinstance(path, str) or (isinstance(shown_by, type) and issubclass(shown_by, ScopedRelatedFilter)):
            continue
        related = _related_model(model_admin.model, path)
        if related and scope_path_of(related, model_admin.admin_site) is not None:
            text = f"The filter by {path} would name objects outside the reader's scope."
            hint = f'Write ("{path}", ScopedRelatedFilter).'
            found.append(checks.Error(text, hint=hint, obj=type(model_admin), id="accounts.E002"))
    return found


def _related_model(model: type[models.Model], path: str) -> type[models.Model] | None:
    try:
        field = get_fields_from_path(model, path)[-1]
    except FieldDoesNotExist:
        return None
    return field.related_model
