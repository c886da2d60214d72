"""The lists of exports, schedules and links, to look at and to filter; each has pages of its own (`exports.pages`)."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.admin_scope import ScopedModelAdmin, ScopedRelatedFilter, staff_user
from common.admin import JalaliDateRangeFilter, ReadOnlyModelAdmin, register_changelist_tool
from exports.imports.rights import imports_visible_to
from exports.models import DataExportLog, DataImport, DownloadLink, ScheduledExport
from exports.pages.run_row import title_of
from exports.schedules.selectors import schedules_visible_to
from exports.selectors import exports_visible_to


@admin.register(DataExportLog)
class DataExportLogAdmin(ScopedModelAdmin, ReadOnlyModelAdmin):
    """Every export there was."""

    candidate_path = "candidate"
    list_display = (
        "shown", "candidate", "format", "state", "holds_personal_data", "rows_written", "asked_by", "created_at",
        "finished_at",
    )  # fmt: skip
    list_display_links = None
    list_filter = (
        "state", JalaliDateRangeFilter.of("created_at", _("asked for")), "holds_personal_data", "format",
        ("candidate", ScopedRelatedFilter),
    )  # fmt: skip
    list_select_related = ("candidate", "asked_by")
    search_fields = ("=id", "purpose", "file_name", "asked_by__username")

    def get_queryset(self, request: HttpRequest) -> QuerySet[DataExportLog]:
        return exports_visible_to(staff_user(request)).defer("file_key", "manifest")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return _to_page_of(self, request, object_id, "exports:one") or super().change_view(request, object_id)

    @admin.display(description=_("dataset"), ordering="dataset")
    def shown(self, run: DataExportLog) -> str:
        return format_html('<a href="{}">{}</a>', reverse("exports:one", args=[run.pk]), title_of(run.dataset))


@admin.register(ScheduledExport)
class ScheduledExportAdmin(ScopedModelAdmin, ReadOnlyModelAdmin):
    """Every schedule."""

    candidate_path = "candidate"
    list_display = ("shown", "candidate", "frequency", "is_active", "next_due_at", "failures_in_a_row", "owner")
    list_display_links = None
    list_filter = ("is_active", "frequency", ("candidate", ScopedRelatedFilter))
    list_select_related = ("candidate", "owner")
    search_fields = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ScheduledExport]:
        return schedules_visible_to(staff_user(request))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return _to_page_of(self, request, object_id, "exports:schedule") or super().change_view(request, object_id)

    @admin.display(description=_("name"), ordering="name")
    def shown(self, schedule: ScheduledExport) -> str:
        address = reverse("exports:schedule", args=[schedule.pk])
        return format_html('<a href="{}"><bdi>{}</bdi></a>', address, schedule.name)


@admin.register(DataImport)
class DataImportAdmin(ReadOnlyModelAdmin):
    """Every import there was."""

    list_display = (
        "shown", "file_name", "state", "created_count", "changed_count", "kept_count", "done_by", "done_at",
    )  # fmt: skip
    list_display_links = None
    list_filter = ("kind", "state", JalaliDateRangeFilter.of("done_at", _("imported")))
    list_select_related = ("done_by",)
    search_fields = ("=id", "file_name", "done_by__username")

    def get_queryset(self, request: HttpRequest) -> QuerySet[DataImport]:
        return imports_visible_to(staff_user(request)).defer("rows")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return _to_page_of(self, request, object_id, "exports:import-done") or super().change_view(request, object_id)

    @admin.display(description=_("kind"), ordering="kind")
    def shown(self, done: DataImport) -> str:
        address = reverse("exports:import-done", args=[done.pk])
        return format_html('<a href="{}">{}</a>', address, done.get_kind_display())


@admin.register(DownloadLink)
class DownloadLinkAdmin(ScopedModelAdmin, ReadOnlyModelAdmin):
    """Every link that was made, and who used it from where."""

    candidate_path = "run__candidate"
    list_display = ("shown", "made_by", "only_for", "created_at", "expires_at", "used_at", "used_by", "used_from")
    list_display_links = None
    list_select_related = ("run", "made_by", "only_for", "used_by")

    def get_queryset(self, request: HttpRequest) -> QuerySet[DownloadLink]:
        return DownloadLink.objects.filter(run__in=exports_visible_to(staff_user(request)))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        link = self.get_object(request, object_id)
        if link is None:
            return super().change_view(request, object_id)
        return HttpResponseRedirect(reverse("exports:one", args=[link.run_id]))

    @admin.display(description=_("export"), ordering="run")
    def shown(self, link: DownloadLink) -> str:
        address = reverse("exports:one", args=[link.run_id])
        return format_html('<a href="{}">{} {}</a>', address, title_of(link.run.dataset), link.run_id)


def _to_page_of(
    model_admin: ReadOnlyModelAdmin, request: HttpRequest, object_id: str, url_name: str
) -> HttpResponseRedirect | None:
    found = model_admin.get_object(request, object_id)
    return HttpResponseRedirect(reverse(url_name, args=[found.pk])) if found else None


register_changelist_tool(
    DataExportLog,
    label=_("Dashboard of exports"),
    url_name="exports:dashboard",
    permission="exports.view_dataexportlog",
)
register_changelist_tool(
    ScheduledExport,
    label=_("New schedule"),
    url_name="exports:schedule-create",
    permission="exports.add_scheduledexport",
    icon_class="addlink",
)
