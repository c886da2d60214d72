"""A bot's health and limits on one page, and the buttons that put right what can be."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.admin_scope import staff_user
from bots.api.client import PAGE_SECONDS
from bots.care.limits import beyond_plan_in_words, limits_of, running_plan
from bots.care.plans import Patience, plan_state_of, works_until
from bots.care.words import health_of, state_of
from bots.models import Bot
from bots.services.bots import delete_webhook, set_webhook
from bots.services.care import watch_bot
from bots.staff.page import page, refuse_without, visible
from common.errors import DomainError

CHANGE_PERMISSION = "bots.change_bot"


@require_safe
def care_page(request: HttpRequest, bot_id: int) -> HttpResponse:
    """How a bot is, and what its candidate's plan allows."""
    bot = _find(request, bot_id, "bots.view_bot")
    context = {
        "title": _("Health and limits of “%(bot)s”") % {"bot": bot.name},
        "bot": bot,
        "state": state_of(bot),
        "pauses_at": works_until(bot, plan_state_of(bot.candidate_id), Patience.from_settings()),
        "health": health_of(bot),
        "plan": running_plan(bot.candidate_id),
        "limits": limits_of(bot.candidate_id),
        "beyond": beyond_plan_in_words(bot.candidate_id),
        "may_change": staff_user(request).has_perm(CHANGE_PERMISSION) and bool(bot.token_index),
    }
    return page(request, "care", context)


@require_POST
def connect(request: HttpRequest, bot_id: int) -> HttpResponse:
    """Have the platform send the updates here."""
    bot, actor = _find(request, bot_id, CHANGE_PERMISSION), staff_user(request)
    return _do(
        request,
        bot,
        lambda: set_webhook(bot=bot, actor=actor, answer_seconds=PAGE_SECONDS),
        _("The platform sends the updates here from now on."),
    )


@require_POST
def fetch(request: HttpRequest, bot_id: int) -> HttpResponse:
    """Have the updates fetched."""
    bot, actor = _find(request, bot_id, CHANGE_PERMISSION), staff_user(request)
    return _do(
        request,
        bot,
        lambda: delete_webhook(bot=bot, actor=actor, answer_seconds=PAGE_SECONDS),
        _("The updates are fetched from now on."),
    )


@require_POST
def look(request: HttpRequest, bot_id: int) -> HttpResponse:
    """Ask the platform now."""
    bot = _find(request, bot_id, CHANGE_PERMISSION)
    return _do(request, bot, lambda: watch_bot(bot=bot), _("The platform was asked."))


ACTS = {"connect": connect, "fetch": fetch, "look": look}


def _find(request: HttpRequest, bot_id: int, permission: str) -> Bot:
    refuse_without(request, permission)
    bot: Bot = get_object_or_404(visible(request, Bot).select_related("candidate", "health"), pk=bot_id)
    return bot


def _do(request: HttpRequest, bot: Bot, call: Callable[[], object], words: str) -> HttpResponse:
    try:
        call()
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, words)
    return HttpResponseRedirect(reverse("bots-staff:care", args=[bot.pk]))
