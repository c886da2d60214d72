"""Who may have what a schedule or a run holds. Asked when it is set up, at each run, and when a mail leaves."""

from dataclasses import replace

from django.utils.translation import gettext as _

from accounts.models import User
from exports.datasets import Wish, check_wish
from exports.errors import ExportRefusedError
from exports.models import ScheduledExport
from exports.run_wishes import columns_of


def wish_of_schedule(schedule: ScheduledExport) -> Wish:
    """What a schedule asks for each time, with its owner's rights."""
    return Wish(
        dataset=schedule.dataset,
        candidate=schedule.candidate,
        filters=schedule.filters,
        columns=tuple(schedule.columns),
        format=schedule.format,
        language=schedule.language,
        purpose=schedule.purpose,
        actor=schedule.owner,
    )


def why_not(wish: Wish, user: User) -> str:
    """Why `user` may not have, by mail, what the wish of somebody else holds; empty where they may.

    Who may see only some candidates gets exports about one of them, never one that was made of all that its owner
    sees.
    """
    if reason := why_no_mail(user):
        return reason
    if user.is_limited_to_scopes and wish.candidate is None and user != wish.actor:
        return _("They may see only some candidates, and this export isn't about one of those.")
    try:
        # “All columns” are those that its owner may see, who may see more.
        check_wish(replace(wish, actor=user, columns=tuple(columns_of(wish))))
    except ExportRefusedError as error:
        return str(error)
    return ""


def why_no_mail(user: User) -> str:
    """Why `user` gets no mails of ours at all; empty where they do."""
    if not user.is_active:
        return _("They may not sign in any more.")
    if not user.email:
        return _("They have no mail address here.")
    return ""
