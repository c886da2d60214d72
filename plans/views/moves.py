"""The pages that move subscribers: preview, run, progress, undo."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from accounts.admin_scope import staff_user
from accounts.models import User
from accounts.recent_factor import ask_again, is_recent
from common.admin.object_tools import object_tools
from common.errors import DomainError
from plans.models import SubscriberMove, SubscriberMoveRow
from plans.move_forms import MoveForm, UndoForm
from plans.move_rows import FILTERS, LEFT, page_of_rows, rows_of
from plans.services.moves import MOVE_PERMISSION, find_move, preview_move, queue_move, queue_undo
from plans.tasks import run_move

MOVES_SHOWN = 100
REFRESH_SECONDS = 3
LONGEST_NUMBER = 19  # digits of a bigint

State, Outcome = SubscriberMove.State, SubscriberMoveRow.Outcome
OF_UNDOING = (Outcome.RETURNED, Outcome.KEPT)


def may_move(user: User) -> bool:
    """Whether `user` may move subscribers: all of a plan's, so nobody who is limited to some candidates."""
    return not user.is_limited_to_scopes and user.has_perm(MOVE_PERMISSION)


@require_http_methods(["GET", "HEAD", "POST"])
def moves_page(request: HttpRequest) -> HttpResponse:
    """The moves there were; on POST the preview of a new one, and with `run` its beginning."""
    user = staff_user(request)
    _refuse_unless_allowed(request)
    if "run" in request.POST and not is_recent(request):
        return ask_again(request)
    form = MoveForm(request.POST or None)
    context: dict[str, Any] = {"title": _("Move subscribers"), "form": form if may_move(user) else None}
    if form.is_valid():
        codes = {"old_code": form.cleaned_data["old_plan"].code, "new_code": form.cleaned_data["new_plan"].code}
        reason = form.cleaned_data["reason"]
        try:
            if "run" in request.POST:
                return _begin(lambda: queue_move(**codes, reason=reason, actor=user))
            context["preview"] = preview_move(**codes)
        except DomainError as error:
            form.add_error(None, str(error))
    context["moves"] = SubscriberMove.objects.select_related("old_plan", "new_plan", "actor")[:MOVES_SHOWN]
    return _page(request, "moves", context)


@require_http_methods(["GET", "HEAD", "POST"])
def move_page(request: HttpRequest, move_id: int) -> HttpResponse:
    """How far a move is, and what became of whom and why. On POST it is undone, or with `resume` gone on with."""
    _refuse_unless_allowed(request)
    try:
        move = find_move(move_id)
    except DomainError as error:
        raise Http404(str(error)) from error
    if request.method != "POST":
        return _show(request, move, UndoForm())
    if not is_recent(request):
        return ask_again(request)
    if "resume" in request.POST:
        return _begin(lambda: move)
    form = UndoForm(request.POST)
    if form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            return _begin(lambda: queue_undo(move_id=move.pk, reason=reason, actor=staff_user(request)))
        except DomainError as error:
            form.add_error(None, str(error))
    return _show(request, move, form)


def _show(request: HttpRequest, move: SubscriberMove, form: UndoForm) -> HttpResponse:
    is_running = move.state in (State.QUEUED, State.RUNNING, State.UNDOING)
    was_undone = move.state in (State.UNDOING, State.UNDONE)
    is_undoable = move.undo_until is not None and move.state == State.DONE and timezone.now() < move.undo_until
    asked = request.GET.get("outcome", LEFT)
    chosen = asked if asked in FILTERS else LEFT
    page = page_of_rows(rows_of(move, chosen), after=_number(request, "after"), before=_number(request, "before"))
    context = {
        "title": _("Move of subscribers"),
        "move": move,
        "may": may_move(staff_user(request)),
        "is_running": is_running,
        "form": form if is_undoable or form.errors else None,
        "filters": [(value, label) for value, label in FILTERS.items() if value not in OF_UNDOING or was_undone],
        "chosen": chosen,
        "page": page,
        "tools": object_tools(move, request),
    }
    response = _page(request, "move", context)
    if is_running:
        response["Refresh"] = str(REFRESH_SECONDS)
    return response


def _number(request: HttpRequest, name: str) -> int:
    """A subscription's number from the page's address; 0 for anything else."""
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < LONGEST_NUMBER else 0


def _begin(queue: Callable[[], SubscriberMove]) -> HttpResponse:
    """To the page of the move that `queue` has written down, which a worker takes once that is committed."""
    with transaction.atomic():
        move = queue()
        # A queue that is away must not undo what is written down: the page has a button to go on.
        transaction.on_commit(lambda: run_move.delay(move_id=move.pk), robust=True)
    return HttpResponseRedirect(reverse("plans:move", args=[move.pk]))


def _page(request: HttpRequest, name: str, context: dict[str, Any]) -> TemplateResponse:
    shared = {**admin.site.each_context(request), "opts": SubscriberMove._meta}
    return TemplateResponse(request, f"plans/{name}.html", {**shared, **context})


def _refuse_unless_allowed(request: HttpRequest) -> None:
    user = staff_user(request)
    may_read = not user.is_limited_to_scopes and user.has_perm("plans.view_subscribermove")
    if not (may_move(user) if request.method == "POST" else may_read):
        raise PermissionDenied
