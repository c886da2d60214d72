"""Pausing bots whose candidate has no plan any more, and having them go on with a new one.

A paused bot keeps all that citizens write, and answers each of them once a day that it is paused. It sends no
broadcasts: one that was being sent is paused, and when the bot goes on, staff decide whether it is still worth sending.
"""

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from audit.services import record
from bots.care.plans import Patience, bots_out_of_step, plan_state_of, works_until
from bots.models import Bot
from bots.services.broadcast_runs import halt_bot


def follow_plans() -> int:
    """Pause the bots whose time without a plan is over, and resume those that have a plan again; returns how many."""
    patience = Patience.from_settings()
    return sum(_follow_plan(bot_id, patience) for bot_id in bots_out_of_step(timezone.now(), patience))


def follow_plans_of(*, candidate_id: int) -> int:
    """As `follow_plans`, for the bots of one candidate, whose plan has just begun or ended."""
    patience = Patience.from_settings()
    bots = Bot.objects.filter(candidate=candidate_id).order_by("pk").values_list("pk", flat=True)
    return sum(_follow_plan(bot_id, patience) for bot_id in bots)


@transaction.atomic
def _follow_plan(bot_id: int, patience: Patience) -> bool:
    """Whether the bot had to change. Its lock is taken first: the last who looks sees the last purchase, and the time
    is not before it.
    """
    bot = Bot.objects.select_for_update(no_key=True).filter(pk=bot_id).first()
    if bot is None:
        return False
    now = timezone.now()
    until = works_until(bot, plan_state_of(bot.candidate_id), patience)
    pauses = until is not None and until <= now
    if pauses == (bot.paused_at is not None):
        return False
    bot.paused_at = now if pauses else None
    bot.save(update_fields=["paused_at"])
    if pauses:
        record(action="bots.bot.paused", actor=None, target=bot, details={"reason": "no-plan", "worked_until": until})
        with override(settings.LANGUAGE_CODE):  # whoever ended the plan may read another language than the others
            halt_bot(bot=bot, reason=_("the candidate has no running plan."))
    else:
        record(action="bots.bot.resumed", actor=None, target=bot)
    return True
