"""The buttons of an export: what each does, in which states, and who may press it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from exports.approval import APPROVE_PERMISSION
from exports.models import DataExportLog
from exports.selectors import MANAGE_PERMISSION
from exports.services.cleaning import remove_export
from exports.services.runs import approve_export, cancel_export, refuse_export, retry_export

State = DataExportLog.State


# The pages have only exports that their reader sees, so these need no query for each; the services look again.
def is_theirs(user: User, run: DataExportLog) -> bool:
    """Whether `user` may cancel, repeat and remove an export that they see."""
    return run.asked_by_id == user.pk or user.has_perm(MANAGE_PERMISSION)


def is_to_approve(user: User, run: DataExportLog) -> bool:
    """Whether `user` may agree to an export that they see."""
    return run.asked_by_id != user.pk and user.has_perm(APPROVE_PERMISSION)


@dataclass(frozen=True)
class Act:
    """Something that a button does to an export in one of `states`; `call` gives the export to look at next."""

    name: str
    title: Any
    words: Any
    done: Any
    states: frozenset[str]
    may: Callable[[User, DataExportLog], bool]
    call: Callable[[DataExportLog, User, str], DataExportLog | None]
    asks_reason: bool = False
    needs_recent_factor: bool = False
    is_grave: bool = False

    def fits(self, user: User, run: DataExportLog) -> bool:
        """Whether `user` is shown this button at `run`."""
        return run.state in self.states and self.may(user, run)


ACTS = {
    act.name: act
    for act in (
        Act(
            "approve",
            _("Approve"),
            _("The file is made as it is described here. Somebody else than who asked for it must agree."),
            _("Approved. The export begins."),
            frozenset({State.AWAITING_APPROVAL}),
            is_to_approve,
            lambda run, actor, reason: approve_export(run=run, actor=actor),
            needs_recent_factor=True,
        ),
        Act(
            "refuse",
            _("Refuse"),
            _("No file is made. Who asked for it reads your reason."),
            _("Refused."),
            frozenset({State.AWAITING_APPROVAL}),
            is_to_approve,
            lambda run, actor, reason: refuse_export(run=run, actor=actor, reason=reason),
            asks_reason=True,
        ),
        Act(
            "cancel",
            _("Cancel"),
            _("Nothing of it stays. You can ask for it again."),
            _("Cancelled. Nothing of it stays."),
            frozenset({State.AWAITING_APPROVAL, State.QUEUED, State.RUNNING}),
            is_theirs,
            lambda run, actor, reason: cancel_export(run=run, actor=actor),
        ),
        Act(
            "retry",
            _("Try again"),
            _("The same export is made anew, from today's data."),
            _("It is made anew."),
            frozenset({State.FAILED, State.CANCELLED, State.EXPIRED}),
            is_theirs,
            lambda run, actor, reason: retry_export(run=run, actor=actor),
            needs_recent_factor=True,
        ),
        Act(
            "remove",
            _("Remove the file"),
            _("The file's key is destroyed and the file removed, so nobody can read any copy of it. Its links end."),
            _("The file is removed."),
            frozenset({State.READY}),
            is_theirs,
            lambda run, actor, reason: remove_export(run=run, actor=actor),
            is_grave=True,
        ),
    )
}


def acts_for(user: User, run: DataExportLog) -> list[Act]:
    """The buttons that `user` is shown at `run`."""
    return [act for act in ACTS.values() if act.fits(user, run)]
