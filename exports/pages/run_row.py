"""An export as the pages show it."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from exports.datasets import DATASETS
from exports.links.rights import may_download
from exports.models import DataExportLog
from exports.outcomes import Explanation, explain
from exports.pages.acts import Act, acts_for

State = DataExportLog.State
WHOLE = 100


@dataclass(frozen=True)
class RunRow:
    """An export with what its reader may do with it."""

    run: DataExportLog
    reader: User

    @cached_property
    def title(self) -> str:
        """What is exported, in words."""
        return title_of(self.run.dataset)

    @cached_property
    def acts(self) -> list[Act]:
        return acts_for(self.reader, self.run)

    @cached_property
    def may_download(self) -> bool:
        return self.run.state == State.READY and may_download(self.reader, self.run)

    @cached_property
    def outcome(self) -> Explanation | None:
        """Why it ended so and what to do; None for one that is well or not at its end."""
        return explain(self.run) if self.run.state in (State.FAILED, State.CANCELLED, State.EXPIRED) else None

    @property
    def is_under_way(self) -> bool:
        return self.run.state in DataExportLog.UNDER_WAY

    @property
    def percent(self) -> int | None:
        """How much is written; None before it is known."""
        run = self.run
        if run.state != State.RUNNING or not run.rows_expected:
            return None
        return min(WHOLE, run.rows_written * WHOLE // run.rows_expected)

    def progress(self) -> dict[str, Any]:
        """What changes while it runs, for programs and for the page that shows it."""
        run = self.run
        return {
            "id": run.pk,
            "state": run.state,
            "state_label": str(State(run.state).label),
            "rows_written": run.rows_written,
            "rows_expected": run.rows_expected,
            "percent": self.percent,
            "rows_in_words": self.rows_in_words,
            "seconds_left": self.seconds_left,
            "time_left": self.time_left,
        }

    @property
    def rows_in_words(self) -> str:
        """How many rows are written; empty before it runs."""
        if self.run.state != State.RUNNING:
            return ""
        written = number_format(self.run.rows_written, force_grouping=True)
        if not self.run.rows_expected:
            return _("%(written)s rows") % {"written": written}
        expected = number_format(self.run.rows_expected, force_grouping=True)
        about = _("%(written)s of about %(expected)s rows")
        words = about if self.run.rows_are_estimated else _("%(written)s of %(expected)s rows")
        return words % {"written": written, "expected": expected}

    @property
    def time_left(self) -> str:
        """In words; empty before it can be said."""
        seconds = self.seconds_left
        if seconds is None:
            return ""
        minutes = round(seconds / 60)
        if minutes < 1:
            return _("less than a minute left")
        return ngettext("about %(count)d minute left", "about %(count)d minutes left", minutes) % {"count": minutes}

    @property
    def seconds_left(self) -> int | None:
        """As long as it takes at the speed so far; None before that is known."""
        run = self.run
        if not (self.percent and run.started_at and run.rows_expected):
            return None
        elapsed = (timezone.now() - run.started_at).total_seconds()
        return round(elapsed * max(0, run.rows_expected - run.rows_written) / run.rows_written)


def title_of(dataset_code: str) -> str:
    """What a dataset is called; its code where there is none of that name any more."""
    if dataset_code == "bulk":
        return _("Several exports in one file")
    dataset = DATASETS.get(dataset_code)
    return str(dataset.title) if dataset else dataset_code
