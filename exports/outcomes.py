"""Why a run ended without a file, and what people can do about it, in the reader's language.

Runs keep a code. Codes that aren't here come from what refused the export, with its words in `DataExportLog.reason`.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from exports.models import DataExportLog

DISK_FULL = "disk-full"
STORE_AWAY = "store-away"
FILE_MISSING = "file-missing"
INCOMPLETE = "incomplete"
INTERRUPTED = "interrupted"
TOO_LONG = "too-long"
DEFECT = "defect"
APPROVAL_VOID = "approval-void"
REFUSED = "refused"
NOT_ALLOWED = "not-allowed"

TRY_AGAIN = _("Try it again.")
REASONS: dict[str, tuple[Any, Any]] = {
    DISK_FULL: (
        _("There was not enough space for the file."),
        _("Remove old exports on the clean-up page, or ask operations for more space. Then try it again."),
    ),
    STORE_AWAY: (
        _("The place where files of exports are kept could not be used."),
        _("Tell operations. Then try it again."),
    ),
    FILE_MISSING: (
        _("Its file was not in its place any more."),
        _("Make it anew. If nobody removed the file, tell operations."),
    ),
    INCOMPLETE: (
        _("The file didn't hold all rows that were counted, so it was thrown away."),
        _("Try it again. If it happens twice, tell operations."),
    ),
    INTERRUPTED: (
        _("The work on it broke off three times: the server stopped, or the database was away."),
        _("Look whether all servers are well, then try it again."),
    ),
    TOO_LONG: (
        _("It took too long and was given up."),
        _("Ask for fewer rows, such as a shorter period or one candidate, or choose CSV, which is faster."),
    ),
    DEFECT: (
        _("Something went wrong that nobody expected."),
        _("Operations find the reason in the log by the number of this export. You can try it again."),
    ),
    APPROVAL_VOID: (
        _("Its approval doesn't hold any more: the export was changed, or who approved it may not approve now."),
        _("Ask for it again; somebody else can approve it then."),
    ),
    NOT_ALLOWED: (
        _("Who asked for it may not export this any more."),
        _("Ask somebody who may, or ask an owner for the right."),
    ),
}


@dataclass(frozen=True)
class Explanation:
    """What happened, and what to do about it; both empty for a run that did not fail."""

    words: str = ""
    advice: str = ""


def explain(run: DataExportLog) -> Explanation:
    """Why the run ended without a file, for the page and the mail about it."""
    if run.reason_code in REASONS:
        words, advice = REASONS[run.reason_code]
        return Explanation(str(words), str(advice))
    if run.state == DataExportLog.State.FAILED:
        return Explanation(run.reason, str(TRY_AGAIN))
    return Explanation(run.reason)
