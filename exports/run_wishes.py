"""What a run was asked for, as its datasets take it."""

from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Candidate
from common.crypto import content_hash
from exports.datasets import Wish, dataset_named
from exports.errors import ExportRefusedError
from exports.models import DataExportLog

BULK = "bulk"
BULK_FORMAT = "zip"


def wish_of(run: DataExportLog) -> Wish:
    """The wish of a run of one dataset, with the rights of who asked for it."""
    return Wish(
        dataset=run.dataset,
        candidate=run.candidate,
        filters=run.filters,
        columns=tuple(run.columns),
        format=run.format,
        language=run.language,
        purpose=run.purpose,
        actor=run.asked_by,
    )


def wishes_of(run: DataExportLog) -> list[Wish]:
    """The wishes of a run: one, or that of each file of a bulk export.

    Raises ExportRefusedError `candidate-gone` where a candidate of a bulk export was deleted since.
    """
    if run.dataset != BULK:
        return [wish_of(run)]
    candidates = Candidate.objects.in_bulk([part["candidate"] for part in run.parts if part["candidate"]])
    return [_wish_of_part(run, part, candidates) for part in run.parts]


def columns_of(wish: Wish) -> list[str]:
    """The columns of a wish by name: "all" is put down as those that its actor may see now, so that it stays so."""
    return list(wish.columns) or [name for name, _heading, _personal in dataset_named(wish.dataset).columns(wish.actor)]


def as_part(wish: Wish) -> dict[str, Any]:
    """A wish as `DataExportLog.parts` keeps it; language, purpose and who asked stand in the run."""
    return {
        "dataset": wish.dataset,
        "candidate": wish.candidate.pk if wish.candidate else None,
        "filters": dict(wish.filters),
        "columns": columns_of(wish),
        "format": wish.format,
    }


def wish_hash(run: DataExportLog) -> str:
    """A fingerprint of what a run would write and for whom; an approval is given to that, and to nothing else."""
    names = ("dataset", "filters", "columns", "parts", "format", "language", "purpose", "holds_personal_data")
    wish = {name: getattr(run, name) for name in names}
    return content_hash({**wish, "candidate": run.candidate_id, "asked_by": run.asked_by_id})


def _wish_of_part(run: DataExportLog, part: dict[str, Any], candidates: dict[int, Candidate]) -> Wish:
    number = part["candidate"]
    if number and number not in candidates:
        raise ExportRefusedError("candidate-gone", _("A candidate of this export is not there any more."))
    return Wish(
        dataset=part["dataset"],
        candidate=candidates[number] if number else None,
        filters=part["filters"],
        columns=tuple(part["columns"]),
        format=part["format"],
        language=run.language,
        purpose=run.purpose,
        actor=run.asked_by,
    )
