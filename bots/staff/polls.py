"""Polls: made, opened, closed, and their results while people vote."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.admin_scope import staff_user
from accounts.models import User
from bots.models import Bot, Poll
from bots.selectors import poll_results, poll_voters
from bots.services import polls as services
from bots.services.polls import MANAGE_PERMISSION
from bots.staff.page import page, refuse_without, visible
from bots.staff.poll_form import PollForm
from common.errors import DomainError

# Counting a million votes takes a good second: however many people look, it is done once in this time.
RESULTS_LIFE_SECONDS = 3
FORM_METHODS = ["GET", "HEAD", "POST"]


@require_http_methods(FORM_METHODS)
def create_page(request: HttpRequest) -> HttpResponse:
    """Ask for the question and its options, and keep them as a draft."""
    refuse_without(request, "bots.view_poll", MANAGE_PERMISSION)
    form = PollForm(request.POST or None, bots=visible(request, Bot))
    if form.is_valid():
        try:
            poll = services.create_poll(**form.cleaned_data, actor=staff_user(request))
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The poll is a draft. Open it when it is ready."))
            return HttpResponseRedirect(reverse("bots-staff:poll-results", args=[poll.pk]))
    return page(request, "poll_create", {"title": _("New poll"), "form": form})


@require_safe
def results_page(request: HttpRequest, poll_id: int) -> HttpResponse:
    """The poll, its results so far, and its buttons."""
    poll = _poll(request, poll_id)
    may = staff_user(request).has_perm(MANAGE_PERMISSION) and poll.platform_poll_id is None
    context = {
        "title": _("Results"),
        "poll": poll,
        "results": _results(poll),
        "may_open": may and poll.state == Poll.State.DRAFT,
        "may_close": may and poll.state == Poll.State.OPEN,
    }
    return page(request, "poll_results", context)


@require_safe
def results_api(request: HttpRequest, poll_id: int) -> HttpResponse:
    """The results as JSON, for the page that shows them live."""
    return JsonResponse(_results(_poll(request, poll_id)))


@require_http_methods(FORM_METHODS)
def open_page(request: HttpRequest, poll_id: int) -> HttpResponse:
    """Ask once more, then let the poll be sent."""
    words = gettext_lazy("It can be sent to people from now on, and its words can't be changed any more.")
    return _ask(request, poll_id, services.open_poll, gettext_lazy("Open the poll"), words)


@require_http_methods(FORM_METHODS)
def close_page(request: HttpRequest, poll_id: int) -> HttpResponse:
    """Ask once more, then end the poll."""
    words = gettext_lazy("It isn't sent to anybody any more, and can't be opened again.")
    return _ask(request, poll_id, services.close_poll, gettext_lazy("Close the poll"), words)


def _ask(request: HttpRequest, poll_id: int, call: Callable[..., Poll], title: Any, words: Any) -> HttpResponse:
    refuse_without(request, MANAGE_PERMISSION)
    poll = _poll(request, poll_id)
    if request.method != "POST":
        return page(request, "poll_ask", {"title": title, "poll": poll, "words": words})
    actor: User = staff_user(request)
    try:
        poll = call(poll_id=poll.pk, actor=actor)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The poll is now: %(state)s.") % {"state": poll.state.label})
    return HttpResponseRedirect(reverse("bots-staff:poll-results", args=[poll.pk]))


def _poll(request: HttpRequest, poll_id: int) -> Poll:
    refuse_without(request, "bots.view_poll")
    found: Poll = get_object_or_404(visible(request, Poll).select_related("bot"), pk=poll_id)
    return found


def _results(poll: Poll) -> dict[str, Any]:
    found: Any = cache.get_or_set(f"bots.poll:{poll.pk}", lambda: _count(poll), RESULTS_LIFE_SECONDS)
    results: dict[str, Any] = found
    return results


def _count(poll: Poll) -> dict[str, Any]:
    voters, counted = poll_voters(poll), poll_results(poll)
    options = [
        {"text": option.text, "votes": votes, "percent": round(100 * votes / voters) if voters else 0}
        for option, votes in counted
    ]
    return {"state": poll.state.value, "voters": voters, "options": options}
