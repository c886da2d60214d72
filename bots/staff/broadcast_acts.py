"""The buttons of a broadcast's page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from bots.broadcast_rules import EDIT_PERMISSION, SEND_PERMISSION
from bots.models import Broadcast, BroadcastDelivery
from bots.services import broadcast_runs, broadcasts

State, Delivery = Broadcast.State, BroadcastDelivery.State


@dataclass(frozen=True)
class Act:
    """Something that a button does to a broadcast in one of `states`."""

    name: str
    title: Any
    words: Any
    permission: str
    states: frozenset[str]
    call: Callable[[int, User, str], object]
    asks_reason: bool = False


ACTS = {
    act.name: act
    for act in (
        Act(
            "withdraw",
            _("Back to draft"),
            _("It doesn't go out, and can be edited."),
            EDIT_PERMISSION,
            frozenset({State.AWAITING, State.SCHEDULED}),
            lambda number, actor, reason: broadcasts.withdraw_broadcast(broadcast_id=number, actor=actor),
        ),
        Act(
            "pause",
            _("Pause"),
            _("Nobody else gets it until it is resumed. What is on its way arrives."),
            SEND_PERMISSION,
            frozenset({State.SENDING}),
            lambda number, actor, reason: broadcast_runs.pause_broadcast(
                broadcast_id=number, reason=reason, actor=actor
            ),
            asks_reason=True,
        ),
        Act(
            "resume",
            _("Go on"),
            _("Those who wait get it."),
            SEND_PERMISSION,
            frozenset({State.PAUSED}),
            lambda number, actor, reason: broadcast_runs.resume_broadcast(broadcast_id=number, actor=actor),
        ),
        Act(
            "stop",
            _("Stop for good"),
            _("Nobody else gets it, ever. What is on its way arrives."),
            SEND_PERMISSION,
            frozenset({State.SENDING, State.PAUSED}),
            lambda number, actor, reason: broadcast_runs.stop_broadcast(
                broadcast_id=number, reason=reason, actor=actor
            ),
            asks_reason=True,
        ),
        Act(
            "resend-uncertain",
            _("Send again what is uncertain"),
            _("Some of them have got it already: they get it twice."),
            SEND_PERMISSION,
            frozenset({State.DONE, State.PAUSED, State.SENDING}),
            lambda number, actor, reason: broadcast_runs.resend_deliveries(
                broadcast_id=number, state=Delivery.UNCERTAIN, actor=actor
            ),
        ),
        Act(
            "resend-failed",
            _("Send again what has failed"),
            _("None of them has got it. Look at the reasons first."),
            SEND_PERMISSION,
            frozenset({State.DONE, State.PAUSED, State.SENDING}),
            lambda number, actor, reason: broadcast_runs.resend_deliveries(
                broadcast_id=number, state=Delivery.FAILED, actor=actor
            ),
        ),
    )
}
