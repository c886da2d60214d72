from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from exports.models import DataExportLog, ScheduledExport
from exports.resources.columns import Column, ExportResource, Kind

BULK = "bulk"


def dataset_titles() -> Mapping[str, str]:
    """The datasets' titles in the language of now, by their codes."""
    from exports.datasets import DATASETS  # the list of exports is a dataset, too

    return {**{code: str(dataset.title) for code, dataset in DATASETS.items()}, BULK: str(_("Bulk export"))}


class ExportRunResource(ExportResource):
    """Who had what exported when, what for, and how it went."""

    number = Column(_("Number"), reads="id", kind=Kind.ID, width=12)
    dataset = Column(_("Dataset"), reads="dataset", kind=Kind.CHOICE, words=dataset_titles, width=22)
    dataset_code = Column(_("Dataset's code"), reads="dataset", width=16)
    candidate = Column(_("Candidate"), reads="candidate__name", width=22)
    filters = Column(_("Filters (JSON)"), reads="filters", kind=Kind.JSON, width=24)
    format = Column(_("Format"), reads="format", width=10)
    language = Column(_("Language"), reads="language", width=10)
    holds_personal_data = Column(_("Holds personal data"), reads="holds_personal_data", kind=Kind.FLAG, width=12)
    purpose = Column(_("Purpose"), reads="purpose", width=30)
    asked_by = Column(_("Asked for by"), reads="asked_by__username", width=18)
    approved_by = Column(_("Approved by"), reads="approved_by__username", width=18)
    schedule = Column(_("Schedule"), reads="schedule__name", width=20)
    state = Column(_("State"), reads="state", kind=Kind.CHOICE, words=lambda: dict(DataExportLog.State.choices))
    reason = Column(_("Reason"), reads="reason", width=30)
    rows = Column(_("Rows"), reads="rows_written", kind=Kind.NUMBER, width=12)
    file_name = Column(_("File"), reads="file_name", width=30)
    file_bytes = Column(_("Size in bytes"), reads="file_bytes", kind=Kind.NUMBER, width=14)
    sha256 = Column(_("SHA-256"), reads="sha256", width=24)
    created = Column(_("Asked for (Jalali)"), reads="created_at", kind=Kind.JALALI, width=18)
    created_at = Column(_("Asked for (Gregorian)"), reads="created_at", kind=Kind.MOMENT, width=22)
    finished = Column(_("Finished (Jalali)"), reads="finished_at", kind=Kind.JALALI, width=18)
    finished_at = Column(_("Finished (Gregorian)"), reads="finished_at", kind=Kind.MOMENT, width=22)

    class Meta:
        model = DataExportLog
        fields = export_order = (
            "number", "dataset", "dataset_code", "candidate", "filters", "format", "language", "holds_personal_data",
            "purpose", "asked_by", "approved_by", "schedule", "state", "reason", "rows", "file_name", "file_bytes",
            "sha256", "created", "created_at", "finished", "finished_at",
        )  # fmt: skip


class ScheduleResource(ExportResource):
    """Which exports are made again and again, when, and for whom."""

    name = Column(_("Name"), reads="name", width=24)
    dataset = Column(_("Dataset"), reads="dataset", kind=Kind.CHOICE, words=dataset_titles, width=22)
    dataset_code = Column(_("Dataset's code"), reads="dataset", width=16)
    candidate = Column(_("Candidate"), reads="candidate__name", width=22)
    format = Column(_("Format"), reads="format", width=10)
    frequency = Column(
        _("How often"), reads="frequency", kind=Kind.CHOICE, words=lambda: dict(ScheduledExport.Frequency.choices)
    )
    calendar = Column(
        _("Calendar"), reads="calendar", kind=Kind.CHOICE, words=lambda: dict(ScheduledExport.Calendar.choices)
    )
    rule = Column(_("Rule"), reads="rule", width=24)
    owner = Column(_("Owner"), reads="owner__username", width=18)
    is_active = Column(_("Active"), reads="is_active", kind=Kind.FLAG, width=10)
    next_due = Column(_("Next run (Jalali)"), reads="next_due_at", kind=Kind.JALALI, width=18)
    next_due_at = Column(_("Next run (Gregorian)"), reads="next_due_at", kind=Kind.MOMENT, width=22)
    last_due = Column(_("Last run (Jalali)"), reads="last_due_at", kind=Kind.JALALI, width=18)
    last_due_at = Column(_("Last run (Gregorian)"), reads="last_due_at", kind=Kind.MOMENT, width=22)
    failures_in_a_row = Column(_("Failures in a row"), reads="failures_in_a_row", kind=Kind.NUMBER, width=10)
    stopped_reason = Column(_("Why it was stopped"), reads="stopped_reason", width=30)

    class Meta:
        model = ScheduledExport
        fields = export_order = (
            "name", "dataset", "dataset_code", "candidate", "format", "frequency", "calendar", "rule", "owner",
            "is_active", "next_due", "next_due_at", "last_due", "last_due_at", "failures_in_a_row", "stopped_reason",
        )  # fmt: skip
