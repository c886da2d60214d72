"""What can be exported."""

from django.utils.translation import gettext as _

from exports.datasets.analytics import AnalyticsDataset
from exports.datasets.audit_log import AuditLogDataset
from exports.datasets.backup import BackupDataset
from exports.datasets.base import Dataset, Sheet
from exports.datasets.bot_users import BotUsersDataset
from exports.datasets.checks import refuse_content, refuse_wish
from exports.datasets.complete import CompleteDataset
from exports.datasets.contributions import ContributionsDataset
from exports.datasets.export_runs import ExportRunsDataset
from exports.datasets.lists import LISTS
from exports.datasets.messages import MessagesDataset
from exports.datasets.moves import MoveDataset
from exports.datasets.plan_history import PlanHistoryDataset
from exports.datasets.poll_results import PollResultsDataset
from exports.datasets.wish import Wish
from exports.errors import ExportRefusedError

__all__ = ["DATASETS", "Dataset", "Sheet", "Wish", "check_wish", "dataset_named", "refuse_content"]

DATASETS: dict[str, Dataset] = {
    dataset.code: dataset
    for dataset in (
        CompleteDataset(),
        BotUsersDataset(),
        ContributionsDataset(),
        MessagesDataset(),
        AnalyticsDataset(),
        PollResultsDataset(),
        ExportRunsDataset(),
        BackupDataset(),
        *LISTS,
        AuditLogDataset(),
        PlanHistoryDataset(),
        MoveDataset(),
    )
}


def dataset_named(code: str) -> Dataset:
    """The dataset with this code. Raises ExportRefusedError `unknown-dataset`."""
    try:
        return DATASETS[code]
    except KeyError:
        words = _("There is no dataset “%(code)s”. Known are: %(known)s.")
        listed = [code for code, dataset in DATASETS.items() if dataset.is_listed]
        raise ExportRefusedError("unknown-dataset", words % {"code": code, "known": ", ".join(listed)}) from None


def check_wish(wish: Wish) -> None:
    """Refuse what its actor may not have, or what can't be understood.

    Raises ExportRefusedError: `unknown-dataset`, or as `exports.datasets.checks.refuse_wish` does.
    """
    refuse_wish(wish, dataset_named(wish.dataset))
