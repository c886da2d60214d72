"""The pages of broadcasts: writing one, having it sent, watching it, stopping it."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.admin_scope import staff_user
from accounts.models import User
from accounts.recent_factor import ask_again, is_recent
from accounts.selectors import limit_to_scopes
from audit.services import record
from bots.audience import audience_of
from bots.broadcast_rules import APPROVE_PERMISSION, EDIT_PERMISSION, SEND_PERMISSION
from bots.care.limits import beyond_plan_in_words
from bots.models import Broadcast, BroadcastDelivery
from bots.sending.deliveries import STALE_AFTER
from bots.sending.hours import is_quiet
from bots.services import broadcasts
from bots.staff.broadcast_acts import ACTS, Act
from bots.staff.broadcast_forms import (
    QUIET_FROM,
    QUIET_UNTIL,
    AudienceForm,
    BroadcastForm,
    ReasonForm,
    SubmitForm,
    TestForm,
    initial_of,
)
from common.errors import DomainError
from common.jalali import format_local

ROWS_PER_PAGE = 50
State, Delivery = Broadcast.State, BroadcastDelivery.State
NOT_SENT = (Delivery.FAILED, Delivery.UNCERTAIN, Delivery.BLOCKED)


@require_http_methods(["GET", "HEAD", "POST"])
def compose_page(request: HttpRequest, broadcast_id: int | None = None) -> HttpResponse:
    """Write a broadcast, or write one anew of which nothing has gone out."""
    user = staff_user(request)
    _refuse_without(user, EDIT_PERMISSION)
    broadcast = _find(request, broadcast_id) if broadcast_id else None
    initial = initial_of(broadcast) if broadcast else {"quiet_from": QUIET_FROM, "quiet_until": QUIET_UNTIL}
    form = BroadcastForm(
        request.POST or None,
        request.FILES or None,
        user=user,
        initial=initial,
        has_picture=getattr(broadcast, "picture", None) is not None,
    )
    if form.is_valid():
        try:
            saved = (
                broadcasts.edit_broadcast(broadcast_id=broadcast.pk, content=form.content(), actor=user)
                if broadcast
                else broadcasts.create_broadcast(content=form.content(), actor=user)
            )
        except DomainError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Saved as a draft. Send it to yourself before you send it to others."))
            return _to(saved.pk)
    context = {"title": _("Edit the broadcast") if broadcast else _("New broadcast"), "form": form, "media": form.media}
    return _page(request, "compose", {**context, "broadcast": broadcast})


@require_POST
def count_audience(request: HttpRequest) -> JsonResponse:
    """How many people a broadcast would reach whose audience is typed just now."""
    user = staff_user(request)
    _refuse_without(user, EDIT_PERMISSION)
    form = AudienceForm(request.POST, user=user)
    if not form.is_valid():
        words = " ".join(str(error) for errors in form.errors.values() for error in errors)
        return JsonResponse({"error": "invalid", "message": words}, status=400)
    typed = Broadcast(candidate=form.cleaned_data["candidate"], bot=form.cleaned_data["bot"], filters=form.filters())
    people = audience_of(typed).count()
    words = ngettext("%(count)s person would get it.", "%(count)s people would get it.", people)
    told = [words % {"count": number_format(people, force_grouping=True)}, beyond_plan_in_words(typed.candidate_id)]
    return JsonResponse(
        {
            "people": people,
            "needs_approval": broadcasts.needs_approval(people),
            "message": " ".join(filter(None, told)),
        }
    )


@require_safe
def broadcast_page(request: HttpRequest, broadcast_id: int) -> HttpResponse:
    """A broadcast as its people see it, how far it is, and who didn't get it and why."""
    return _show(request, _find(request, broadcast_id))


@require_safe
def progress(request: HttpRequest, broadcast_id: int) -> JsonResponse:
    """How far a broadcast is."""
    return JsonResponse(_progress_of(_find(request, broadcast_id)))


@require_safe
def picture(request: HttpRequest, broadcast_id: int) -> HttpResponse:
    """The picture of a broadcast."""
    broadcast = _find(request, broadcast_id)
    found = getattr(broadcast, "picture", None)
    if found is None:
        return HttpResponse(status=404)
    return HttpResponse(bytes(found.content), content_type=found.content_type)


@require_http_methods(["GET", "HEAD", "POST"])
def submit_page(request: HttpRequest, broadcast_id: int) -> HttpResponse:
    """Have a draft sent, now or later; on `approve`, agree to one of somebody else."""
    user = staff_user(request)
    broadcast = _find(request, broadcast_id)
    _refuse_without(user, APPROVE_PERMISSION if "approve" in request.POST else SEND_PERMISSION)
    if request.method != "POST":
        return _to(broadcast_id)
    if not is_recent(request):
        return ask_again(request)
    form = SubmitForm(request.POST)
    if not form.is_valid():
        return _show(request, broadcast, submit_form=form)
    return _done(
        request,
        broadcast,
        lambda: (
            broadcasts.approve_broadcast(
                broadcast_id=broadcast_id, seen_hash=request.POST.get("seen_hash", ""), actor=user
            )
            if "approve" in request.POST
            else broadcasts.submit_broadcast(
                broadcast_id=broadcast_id, scheduled_for=form.cleaned_data["scheduled_for"], actor=user
            )
        ),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def try_page(request: HttpRequest, broadcast_id: int) -> HttpResponse:
    """Send a broadcast to one person only."""
    user = staff_user(request)
    broadcast = _find(request, broadcast_id)
    _refuse_without(user, EDIT_PERMISSION)
    if request.method != "POST":
        return _to(broadcast_id)
    form = TestForm(request.POST)
    if not form.is_valid():
        return _show(request, broadcast, test_form=form)
    number = form.cleaned_data["platform_user_id"]
    return _done(
        request,
        broadcast,
        lambda: broadcasts.send_test(broadcast_id=broadcast_id, platform_user_id=number, actor=user),
        words=_("Sent. Look at it in your messenger."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def act_page(request: HttpRequest, broadcast_id: int, name: str) -> HttpResponse:
    """Ask, then do what the button says."""
    act, user = ACTS[name], staff_user(request)
    broadcast = _find(request, broadcast_id)
    _refuse_without(user, act.permission)
    form = ReasonForm(request.POST or None) if act.asks_reason else Form(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data.get("reason", "")
        return _done(request, broadcast, lambda: act.call(broadcast_id, user, reason))
    return _page(request, "act", {"title": act.title, "broadcast": broadcast, "act": act, "form": form})


def _find(request: HttpRequest, broadcast_id: int) -> Broadcast:
    user = staff_user(request)
    _refuse_without(user, "bots.view_broadcast")
    visible = limit_to_scopes(Broadcast.objects.all(), user, candidate="candidate")
    return get_object_or_404(visible.select_related("candidate", "bot", "author"), pk=broadcast_id)


def _show(
    request: HttpRequest,
    broadcast: Broadcast,
    *,
    submit_form: SubmitForm | None = None,
    test_form: TestForm | None = None,
) -> HttpResponse:
    user = staff_user(request)
    acts = [act for act in ACTS.values() if broadcast.state in act.states and user.has_perm(act.permission)]
    rows = broadcast.deliveries.filter(state__in=NOT_SENT).select_related("bot_user").order_by("state", "bot_user_id")
    not_sent = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("p"))
    submit_form = submit_form or SubmitForm()
    context = {
        "title": broadcast.title,
        "broadcast": broadcast,
        "picture": getattr(broadcast, "picture", None) is not None,
        "acts": [act for act in acts if _has_use(act, broadcast)],
        "progress": _progress_of(broadcast),
        "people_now": audience_of(broadcast).count() if broadcast.is_open else None,
        "beyond_plan": beyond_plan_in_words(broadcast.candidate_id) if broadcast.is_open else "",
        "may_edit": broadcast.is_open and user.has_perm(EDIT_PERMISSION),
        "submit_form": submit_form if broadcast.state == State.DRAFT and user.has_perm(SEND_PERMISSION) else None,
        "test_form": (test_form or TestForm()) if broadcast.is_open and user.has_perm(EDIT_PERMISSION) else None,
        "may_approve": broadcast.state == State.AWAITING and user.has_perm(APPROVE_PERMISSION),
        "seen_hash": broadcast.content_hash(),
        "approvals": broadcast.approvals.select_related("approved_by"),
        "not_sent": not_sent,
        "media": submit_form.media,
    }
    if not_sent.object_list:
        _record_reading(user, broadcast, not_sent.number)
    return _page(request, "broadcast", context)


@transaction.atomic
def _record_reading(user: User, broadcast: Broadcast, page: int) -> None:
    """The list names citizens beside a candidate, so who reads it is recorded."""
    record(action="bots.broadcast.viewed", actor=user, target=broadcast, details={"page": page})


def _has_use(act: Act, broadcast: Broadcast) -> bool:
    counts = {"resend-uncertain": broadcast.uncertain_count, "resend-failed": broadcast.failed_count}
    return counts.get(act.name, 1) > 0


def _progress_of(broadcast: Broadcast) -> dict[str, Any]:
    now = timezone.now()
    is_fresh = broadcast.sampled_at is not None and now - broadcast.sampled_at < STALE_AFTER
    rate = broadcast.per_second if broadcast.state == State.SENDING and is_fresh else 0.0
    end = now + dt.timedelta(seconds=broadcast.waiting_count / rate) if rate else None
    is_kept = broadcast.state == State.SENDING and is_quiet(now, broadcast.quiet_from, broadcast.quiet_until)
    return {
        "state": broadcast.state,
        "state_label": str(State(broadcast.state).label),
        "people": broadcast.audience_count,
        "settled": broadcast.settled_count,
        "waiting": broadcast.waiting_count,
        **{str(state): getattr(broadcast, f"{state}_count") for state in BroadcastDelivery.SETTLED},
        "per_second": round(rate, 1),
        "expected_end": format_local(end),
        "is_quiet": is_kept,
        "is_running": broadcast.state == State.SENDING,
    }


def _done(
    request: HttpRequest, broadcast: Broadcast, call: Callable[[], object], *, words: Any = None
) -> HttpResponseRedirect:
    """Back to the broadcast's page, with what came of it."""
    try:
        call()
    except DomainError as error:
        messages.error(request, str(error))
    else:
        state = Broadcast.objects.values_list("state", flat=True).get(pk=broadcast.pk)
        told = words or _("It is now: %(state)s.") % {"state": State(state).label}
        messages.success(request, told)
    return _to(broadcast.pk)


def _to(broadcast_id: int) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("broadcasts:one", args=[broadcast_id]))


def _page(request: HttpRequest, name: str, context: dict[str, Any]) -> TemplateResponse:
    shared = {**admin.site.each_context(request), "opts": Broadcast._meta}
    return TemplateResponse(request, f"bots/broadcasts/{name}.html", {**shared, **context})


def _refuse_without(user: User, permission: str) -> None:
    if not user.has_perm(permission):
        raise PermissionDenied
