"""The page of one export: what it is, how far it is, its links and its history; and what its buttons do."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.recent_factor import ask_again, is_recent
from audit.admin.trail import trail_url
from audit.finding import may_read_log
from audit.labels import describe_action
from audit.models import AuditLog
from common.errors import DomainError
from exports.datasets import DATASETS
from exports.models import DataExportLog
from exports.pages.acts import ACTS, is_theirs
from exports.pages.page import datasets_for, page, sent, to_run, user_of_exports, visible_run
from exports.pages.reason_form import ReasonForm
from exports.pages.run_row import RunRow, title_of
from exports.pages.wish_form import FILTER_PREFIX, FORMAT_NAMES, LANGUAGE_NAMES
from exports.run_wishes import BULK, wishes_of
from exports.services.links import revoke_link

ENTRIES_SHOWN = 50
State = DataExportLog.State


@require_safe
def run_page(request: HttpRequest, run_id: int) -> HttpResponse:
    """An export with its links and its history."""
    user, run = user_of_exports(request), visible_run(request, run_id)
    context = {
        "title": f"{title_of(run.dataset)} – {run.pk}",
        "row": RunRow(run, user),
        "is_open": run.state not in DataExportLog.ENDED,
        "may_change": is_theirs(user, run),
        "links": run.links.select_related("made_by", "only_for", "used_by", "revoked_by"),
        "retries": run.retries.all(),
        "now": timezone.now(),
        "history": _history(run),
        "trail_url": trail_url(run) if may_read_log(user) else "",
        "again_url": _again_url(user, run),
    }
    return page(request, "run", {**context, **described(run)})


@require_safe
def progress(request: HttpRequest, run_id: int) -> JsonResponse:
    """How far an export is."""
    run = visible_run(request, run_id)
    row = RunRow(run, user_of_exports(request))
    return JsonResponse({"signature": run.state, "under_way": [row.progress()] if row.is_under_way else []})


@require_http_methods(["GET", "HEAD", "POST"])
def act_page(request: HttpRequest, run_id: int, name: str) -> HttpResponse:
    """Ask, then do what the button says."""
    act, user, run = ACTS[name], user_of_exports(request), visible_run(request, run_id)
    if not act.may(user, run):
        raise PermissionDenied
    if act.needs_recent_factor and run.holds_personal_data and not is_recent(request):
        return ask_again(request)
    form = ReasonForm(sent(request)) if act.asks_reason else Form(sent(request))
    if request.method == "POST" and form.is_valid():
        try:
            after = act.call(run, user, form.cleaned_data.get("reason", ""))
        except DomainError as error:
            messages.error(request, str(error))
            return to_run(run)
        messages.success(request, str(act.done))
        return to_run(after if isinstance(after, DataExportLog) else run)
    context = {"title": act.title, "row": RunRow(run, user), "act": act, "form": form}
    return page(request, "act", {**context, **described(run)})


@require_POST
def revoke_page(request: HttpRequest, run_id: int, link_id: int) -> HttpResponseRedirect:
    """End a link before its time."""
    user, run = user_of_exports(request), visible_run(request, run_id)
    if not is_theirs(user, run):
        raise PermissionDenied
    link = get_object_or_404(run.links, pk=link_id)
    try:
        revoke_link(link=link, actor=user)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The link is revoked."))
    return to_run(run)


def described(run: DataExportLog) -> dict[str, Any]:
    """What was asked for, in words."""
    dataset = DATASETS.get(run.dataset)
    headings = {name: heading for name, heading, _is_personal in dataset.columns()} if dataset else {}
    return {
        "run": run,
        "filters": dataset.filters_in_words(run.filters) if dataset else list(run.filters.items()),
        "columns": [str(headings.get(name, name)) for name in run.columns],
        "format_name": FORMAT_NAMES.get(run.format, run.format),
        "language_name": LANGUAGE_NAMES.get(run.language, run.language),
        "parts": _parts(run) if run.dataset == BULK else [],
    }


def _parts(run: DataExportLog) -> list[dict[str, Any]]:
    try:
        wishes = wishes_of(run)
    except DomainError:
        return [{"title": title_of(part["dataset"]), "format": part["format"]} for part in run.parts]
    return [{"title": title_of(one.dataset), "candidate": one.candidate, "format": one.format} for one in wishes]


def _history(run: DataExportLog) -> list[dict[str, Any]]:
    """What was done to the export and with its links, the newest first."""
    entries = AuditLog.objects.filter(object_type=run._meta.label_lower, object_id=str(run.pk))[:ENTRIES_SHOWN]
    return [
        {"occurred_at": entry.occurred_at, "words": describe_action(entry.action), "actor_label": entry.actor_label}
        for entry in entries
    ]


def _again_url(user: User, run: DataExportLog) -> str:
    """The address of the page that asks for the same once more, filled in; empty for who may not export it."""
    if run.dataset not in {dataset.code for dataset in datasets_for(user)}:
        return ""
    chosen = [("dataset", run.dataset), ("chosen", "1"), ("edit", "1"), ("format", run.format)]
    chosen += [("language", run.language), *(("columns", name) for name in run.columns)]
    chosen += [("candidate", str(run.candidate_id))] if run.candidate_id else []
    chosen += [(f"{FILTER_PREFIX}-{name}", value) for name, value in run.filters.items()]
    return f"{reverse('exports:create')}?{urlencode(chosen)}"
