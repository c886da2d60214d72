"""What the buttons on a contribution's page do."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.backends import ModelBackend
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.admin_scope import staff_user
from accounts.models import User
from accounts.selectors import limit_to_scopes
from bots.models import Contribution
from bots.services.contributions import (
    ANSWER_PERMISSION,
    ASSIGN_PERMISSION,
    answer_contribution,
    assign_contributions,
    close_contributions,
    reopen_contribution,
)
from bots.staff.page import refuse_without, visible
from common.errors import DomainError


@require_POST
def answer(request: HttpRequest, contribution_id: int) -> HttpResponse:
    """Answer the citizen."""
    refuse_without(request, "bots.view_contribution", ANSWER_PERMISSION)
    contribution = get_object_or_404(visible(request, Contribution), pk=contribution_id)
    text = request.POST.get("text", "")
    return _do(
        request,
        contribution,
        lambda: answer_contribution(contribution_id=contribution.pk, text=text, actor=staff_user(request)),
        _("The answer is on its way."),
    )


@require_POST
def assign(request: HttpRequest, contribution_id: int) -> HttpResponse:
    """Give the contribution to somebody, or to nobody."""
    refuse_without(request, "bots.view_contribution", ASSIGN_PERMISSION)
    contribution = get_object_or_404(visible(request, Contribution), pk=contribution_id)
    chosen = request.POST.get("assignee", "")
    assignee = get_object_or_404(possible_assignees(contribution), pk=int(chosen)) if chosen.isdecimal() else None
    return _do(
        request,
        contribution,
        lambda: assign_contributions(contributions=[contribution.pk], assignee=assignee, actor=staff_user(request)),
        _("The contribution is assigned.") if assignee else _("The contribution is assigned to nobody."),
    )


@require_POST
def close(request: HttpRequest, contribution_id: int) -> HttpResponse:
    """Close the contribution."""
    refuse_without(request, "bots.view_contribution", ANSWER_PERMISSION)
    contribution = get_object_or_404(visible(request, Contribution), pk=contribution_id)
    return _do(
        request,
        contribution,
        lambda: close_contributions(contributions=[contribution.pk], actor=staff_user(request)),
        _("The contribution is closed."),
    )


@require_POST
def reopen(request: HttpRequest, contribution_id: int) -> HttpResponse:
    """Open the contribution again."""
    refuse_without(request, "bots.view_contribution", ANSWER_PERMISSION)
    contribution = get_object_or_404(visible(request, Contribution), pk=contribution_id)
    return _do(
        request,
        contribution,
        lambda: reopen_contribution(contribution_id=contribution.pk, actor=staff_user(request)),
        _("The contribution is open again."),
    )


ACTS = {"answer": answer, "assign": assign, "close": close, "reopen": reopen}


def possible_assignees(contribution: Contribution) -> QuerySet[User]:
    """The active staff who may answer this contribution and see its candidate."""
    able = ModelBackend().with_perm(ANSWER_PERMISSION)
    row = Contribution.objects.filter(pk=contribution.pk)
    seeing = [
        user.pk
        for user in able
        if not user.is_limited_to_scopes or limit_to_scopes(row, user, candidate="bot__candidate").exists()
    ]
    return User.objects.filter(pk__in=seeing).order_by("username")


def _do(request: HttpRequest, contribution: Contribution, call: Callable[[], object], words: str) -> HttpResponse:
    try:
        call()
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, words)
    return HttpResponseRedirect(reverse("admin:bots_contribution_change", args=[contribution.pk]))
