"""The pages of scheduled exports: the list, one of them, and the forms that make and change one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.recent_factor import ask_again, is_recent
from common.errors import DomainError
from exports.datasets import Dataset
from exports.models import DataExportLog, ScheduledExport
from exports.pages.create import chosen_dataset
from exports.pages.dashboard import newest
from exports.pages.page import datasets_for, page, sent, to_run, user_of_exports
from exports.pages.run import described
from exports.pages.run_row import RunRow, title_of
from exports.pages.schedule_form import ScheduleForm, initial_of
from exports.pages.wish_form import WishForm, initial_from_address
from exports.schedules.selectors import (
    ADD_PERMISSION,
    VIEW_PERMISSION,
    may_change_schedule,
    schedules_visible_to,
)
from exports.schedules.timing import next_moments, timing_of
from exports.schedules.words import describe_timing
from exports.selectors import exports_visible_to
from exports.services.schedules import change_schedule, resume_schedule, run_now, schedule_export, stop_schedule


@dataclass(frozen=True)
class ScheduleAct:
    """A button of a schedule that is active or not; `call` may give the export that it began."""

    title: Any
    words: Any
    done: Any
    is_of_active: bool
    call: Callable[..., Any]


ACTS = {
    "run": ScheduleAct(
        _lazy("Run it now"),
        _lazy("It is made at once, and its recipients get it. Its next time stays as it is."),
        _lazy("The export begins."),
        True,
        run_now,
    ),
    "stop": ScheduleAct(
        _lazy("Stop"),
        _lazy("It makes nothing until somebody resumes it."),
        _lazy("It is stopped."),
        True,
        stop_schedule,
    ),
    "resume": ScheduleAct(
        _lazy("Resume"), _lazy("It goes on with its next time."), _lazy("It goes on."), False, resume_schedule
    ),
}


@require_safe
def schedules_page(request: HttpRequest) -> HttpResponse:
    """All schedules that the reader may see, the next first."""
    user = _reader(request)
    schedules = schedules_visible_to(user).select_related("candidate", "owner")
    ordered = sorted(schedules, key=lambda one: (not one.is_active, one.next_due_at or one.created_at))
    rows = [
        {"schedule": one, "title": title_of(one.dataset), "timing": describe_timing(timing_of(one))} for one in ordered
    ]
    may_add = user.has_perm(ADD_PERMISSION) and bool(datasets_for(user))
    return page(request, "schedules", {"title": _("Scheduled exports"), "rows": rows, "may_add": may_add})


@require_safe
def schedule_page(request: HttpRequest, schedule_id: int) -> HttpResponse:
    """A schedule with its next and its last runs."""
    user = _reader(request)
    schedule = _find(user, schedule_id)
    may_change = may_change_schedule(user, schedule)
    context = {
        "title": schedule.name,
        "schedule": schedule,
        "dataset_title": title_of(schedule.dataset),
        "timing": describe_timing(timing_of(schedule)),
        "next": next_moments(timing_of(schedule), timezone.now()) if schedule.is_active else [],
        "rows": [RunRow(run, user) for run in newest(exports_visible_to(user).filter(schedule=schedule))],
        "may_change": may_change,
        "acts": [(name, act) for name, act in ACTS.items() if may_change and act.is_of_active == schedule.is_active],
        "recipients": schedule.recipients.order_by("username"),
    }
    return page(request, "schedule", {**context, **described(_as_run(schedule))})


@require_http_methods(["GET", "HEAD", "POST"])
def schedule_create_page(request: HttpRequest) -> HttpResponse:
    """Choose a dataset, then what of it, when, and for whom."""
    user = user_of_exports(request)
    if not user.has_perm(ADD_PERMISSION):
        raise PermissionDenied
    if not is_recent(request):
        return ask_again(request)
    dataset = chosen_dataset(request, user)
    if dataset is None:
        context = {"title": _("New schedule"), "datasets": datasets_for(user), "of_schedules": True}
        return page(request, "choose", {**context, "candidate_number": request.GET.get("candidate", "")})
    wish_form = WishForm(sent(request), dataset=dataset, user=user, **initial_from_address(request.GET.dict()))
    schedule_form = ScheduleForm(sent(request), initial={"name": dataset.title})
    if _is_complete(wish_form, schedule_form):
        made = _saved(
            schedule_form,
            lambda: schedule_export(
                export_type=dataset.code,
                schedule=schedule_form.cleaned_data["frequency"],
                actor=user,
                **_typed(wish_form, schedule_form),
            ),
        )
        if made:
            messages.success(request, _("Saved. Below you see when it runs."))
            return _to(made)
    return _form_page(request, dataset, wish_form, schedule_form, None)


@require_http_methods(["GET", "HEAD", "POST"])
def schedule_change_page(request: HttpRequest, schedule_id: int) -> HttpResponse:
    """Change what a schedule exports, when, and for whom."""
    user = _reader(request)
    schedule = _find(user, schedule_id)
    dataset = {dataset.code: dataset for dataset in datasets_for(user)}.get(schedule.dataset)
    if dataset is None or not may_change_schedule(user, schedule):
        raise PermissionDenied
    if not is_recent(request):
        return ask_again(request)
    names = ("candidate", "columns", "format", "language")
    initial = {"initial": {name: getattr(schedule, name) for name in names}, "initial_filters": schedule.filters}
    wish_form = WishForm(sent(request), dataset=dataset, user=user, **initial)
    schedule_form = ScheduleForm(sent(request), initial=initial_of(schedule))
    if _is_complete(wish_form, schedule_form):
        changed = _saved(
            schedule_form,
            lambda: change_schedule(
                schedule=schedule,
                frequency=schedule_form.cleaned_data["frequency"],
                actor=user,
                **_typed(wish_form, schedule_form),
            ),
        )
        if changed:
            messages.success(request, _("Saved. Below you see when it runs."))
            return _to(schedule)
    return _form_page(request, dataset, wish_form, schedule_form, schedule)


@require_http_methods(["GET", "HEAD", "POST"])
def schedule_act_page(request: HttpRequest, schedule_id: int, name: str) -> HttpResponse:
    """Ask, then run, stop or resume a schedule."""
    user, act = _reader(request), ACTS[name]
    schedule = _find(user, schedule_id)
    if not may_change_schedule(user, schedule):
        raise PermissionDenied
    if request.method != "POST":
        return page(request, "schedule_act", {"title": act.title, "schedule": schedule, "act": act})
    try:
        begun = act.call(schedule=schedule, actor=user)
    except DomainError as error:
        messages.error(request, str(error))
        return _to(schedule)
    messages.success(request, str(act.done))
    return to_run(begun) if isinstance(begun, DataExportLog) else _to(schedule)


def _reader(request: HttpRequest) -> User:
    user = user_of_exports(request)
    if not user.has_perm(VIEW_PERMISSION):
        raise PermissionDenied
    return user


def _find(user: User, schedule_id: int) -> ScheduledExport:
    return get_object_or_404(schedules_visible_to(user).select_related("candidate", "owner"), pk=schedule_id)


def _typed(wish_form: WishForm, schedule_form: ScheduleForm) -> dict[str, Any]:
    """What both forms hold, as the services take it."""
    typed = schedule_form.cleaned_data
    wish = wish_form.wish(purpose=typed["purpose"])
    return {
        "candidate_id": wish.candidate.pk if wish.candidate else None,
        "filters": dict(wish.filters),
        "columns": wish.columns,
        "format": wish.format,
        "language": wish.language,
        **{name: typed[name] for name in typed if name not in ("frequency", "recipients")},
        "recipients": list(typed["recipients"]),
    }


def _is_complete(wish_form: WishForm, schedule_form: ScheduleForm) -> bool:
    """Whether both forms can be saved; with personal data a purpose is needed."""
    if not (wish_form.is_valid() & schedule_form.is_valid()):
        return False
    wish = wish_form.wish(purpose=schedule_form.cleaned_data["purpose"])
    if wish_form.dataset.holds_personal_data(wish) and not wish.purpose:
        schedule_form.add_error("purpose", _("Say what the personal data is needed for."))
    return not schedule_form.errors


def _saved(form: ScheduleForm, call: Callable[[], ScheduledExport]) -> ScheduledExport | None:
    """What was saved; None with the refusal at the form."""
    try:
        return call()
    except DomainError as error:
        field = {"bad-rule": "rule", "recipient-not-allowed": "recipients"}.get(error.code)
        form.add_error(field, str(error))
        return None


def _form_page(
    request: HttpRequest,
    dataset: Dataset,
    wish_form: WishForm,
    schedule_form: ScheduleForm,
    schedule: ScheduledExport | None,
) -> HttpResponse:
    context = {
        "title": _("Change the schedule") if schedule else _("New schedule"),
        "dataset": dataset,
        "form": wish_form,
        "schedule_form": schedule_form,
        "schedule": schedule,
        "media": wish_form.media + schedule_form.media,
    }
    return page(request, "schedule_form", context)


def _as_run(schedule: ScheduledExport) -> DataExportLog:
    """An export that the schedule would make, to describe it; it isn't saved."""
    names = ("dataset", "candidate", "filters", "columns", "format", "language", "purpose")
    return DataExportLog(**{name: getattr(schedule, name) for name in names})


def _to(schedule: ScheduledExport) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("exports:schedule", args=[schedule.pk]))
