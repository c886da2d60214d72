from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.admin.date_filter import within_days
from exports.datasets.base import Dataset, Sheet
from exports.datasets.filter_form import ChoicesField, DayField, EitherField, FilterForm
from exports.models import DataExportLog, ScheduledExport
from exports.resources.export_run import ExportRunResource, ScheduleResource, dataset_titles

SCHEDULES = "schedules"


class ExportRunFilters(FilterForm):
    """Which exports. Schedules are narrowed by the dataset alone."""

    dataset = ChoicesField(label=_("Datasets"), choices=lambda: list(dataset_titles().items()))
    state = ChoicesField(label=_("States"), choices=DataExportLog.State.choices)
    holds_personal_data = EitherField(label=_("With personal data"))
    created_from = DayField(label=_("Asked for from"))
    created_to = DayField(label=_("Asked for until"))

    def condition(self, sheet: str) -> Q:
        found = self.any_of({"dataset": "dataset"})
        if sheet == SCHEDULES:
            return found
        if self.cleaned_data["holds_personal_data"] is not None:
            found &= Q(holds_personal_data=self.cleaned_data["holds_personal_data"])
        created_at = DataExportLog._meta.get_field("created_at")
        return found & self.any_of({"state": "state"}) & within_days(created_at, "created_at", self.days("created"))


class ExportRunsDataset(Dataset):
    code = "exports"
    title = _("Exports and schedules")
    description = _("Who had what exported when and what for, and what is exported regularly.")
    permission = "exports.export_exports"
    filter_form = ExportRunFilters
    sheets_made: ClassVar = (
        Sheet("runs", _("Exports"), ExportRunResource, lambda: DataExportLog.objects.order_by("pk"), "candidate"),
        Sheet(
            SCHEDULES,
            _("Scheduled exports"),
            ScheduleResource,
            lambda: ScheduledExport.objects.order_by("pk"),
            "candidate",
        ),
    )

    def limited(self, queryset: QuerySet[Any], actor: User | None, sheet: Sheet | None = None) -> QuerySet[Any]:
        """Those that the pages of exports show to `actor`."""
        if actor is None:
            return queryset
        # Both know what a wish is, and so this package.
        from exports.schedules.selectors import schedules_visible_to
        from exports.selectors import exports_visible_to

        is_schedules = sheet is not None and sheet.code == SCHEDULES
        visible: QuerySet[Any] = schedules_visible_to(actor) if is_schedules else exports_visible_to(actor)
        return queryset.filter(pk__in=visible.order_by().values("pk"))
