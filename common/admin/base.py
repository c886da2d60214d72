"""The bases of our admin pages."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db import models
from django.http import HttpRequest, HttpResponse

from common.admin.autocomplete import TolerantAutocompleteSelect
from common.admin.changelist_tools import changelist_tools
from common.admin.date_filter import JalaliDateRangeFilter
from common.admin.dates import in_fieldsets, with_local_dates
from common.admin.forms import (
    JalaliDateField,
    JalaliDateInput,
    JalaliDateTimeField,
    JalaliDateTimeInput,
    picker_media,
)
from common.admin.latin import NOTHING
from common.admin.object_tools import object_tools
from common.admin.paginator import EstimatingPaginator


class LocalDateFields(admin.options.BaseModelAdmin):  # type: ignore[type-arg]
    """Dates in forms are typed and shown in the reader's calendar."""

    empty_value_display = NOTHING

    def formfield_for_dbfield(self, db_field: "models.Field[Any, Any]", request: Any, **kwargs: Any) -> Any:
        if isinstance(db_field, models.DateTimeField):
            kwargs = {"form_class": JalaliDateTimeField, "widget": JalaliDateTimeInput, **kwargs}
        elif isinstance(db_field, models.DateField):
            kwargs = {"form_class": JalaliDateField, "widget": JalaliDateInput, **kwargs}
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault(
                "widget", TolerantAutocompleteSelect(db_field, self.admin_site, using=kwargs.get("using"))
            )
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class TabularInline(LocalDateFields, admin.TabularInline):  # type: ignore[type-arg]
    """Django's, with dates in the reader's calendar."""


class StackedInline(LocalDateFields, admin.StackedInline):  # type: ignore[type-arg]
    """Django's, with dates in the reader's calendar."""


class ModelAdmin(LocalDateFields, admin.ModelAdmin):  # type: ignore[type-arg]
    """Django's, with dates in the reader's calendar, lists that stay quick at millions of rows, and list buttons."""

    paginator = EstimatingPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # a count per choice means a scan of the table each
    list_per_page = 50

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        # PostgreSQL refuses NUL in text; Django would pass it on from any parameter of the address.
        if any("\x00" in value for _name, values in request.GET.lists() for value in values):
            raise IncorrectLookupParameters
        changelist = super().get_changelist_instance(request)
        # The list's templates read these; `list_editable` columns are inputs and stay as they are.
        shown = [name for name in changelist.list_display if name not in changelist.list_editable]
        local = dict(zip(shown, with_local_dates(self.model, shown), strict=True))
        changelist.list_display = [local.get(name, name) for name in changelist.list_display]
        if changelist.list_display_links:
            changelist.list_display_links = [local.get(name, name) for name in changelist.list_display_links]
        if changelist.sortable_by is not None:
            changelist.sortable_by = [local.get(name, name) for name in changelist.sortable_by]
        return changelist

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        ranges = [item for item in self.list_filter if _is_date_range(item)]
        if any(lookup in item.parameter_names() for item in ranges):  # type: ignore[union-attr]
            return True
        return super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]  # None until Django 6

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        tools = {"changelist_tools": changelist_tools(self.model, request)}
        return super().changelist_view(request, {**tools, **(extra_context or {})})

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        _show_local_dates(self.model, context["adminform"])
        for inline in context["inline_admin_formsets"]:
            _show_local_dates(inline.opts.model, inline)
        if (obj := kwargs.get("obj")) is not None:
            context["object_tools"] = object_tools(obj, request)
        return super().render_change_form(request, context, *args, **kwargs)

    @property
    def media(self) -> forms.Media:
        has_range = any(_is_date_range(item) for item in self.list_filter)
        return super().media + picker_media() if has_range else super().media


class ReadOnlyModelAdmin(ModelAdmin):
    """For what staff look at and only services change, whatever permissions they have."""

    actions: Any = None

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


def _is_date_range(item: Any) -> bool:
    return isinstance(item, type) and issubclass(item, JalaliDateRangeFilter)


def _show_local_dates(model: type[models.Model], form: Any) -> None:
    """Swap the read-only dates of an AdminForm or InlineAdminFormSet for columns in the reader's calendar.

    This is the last moment before they are drawn, when it is known which fields are read-only for this reader.
    """
    form.fieldsets = in_fieldsets(model, form.fieldsets, form.readonly_fields)
    form.readonly_fields = with_local_dates(model, form.readonly_fields)
